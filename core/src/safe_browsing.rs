//! The Safe Browsing form of a web address, and the host-suffix × path-prefix expressions under
//! which lists name it. Apart from the form that the API makes its ids from.
