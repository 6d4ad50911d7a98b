//! What about an address, a link or a name is made to deceive, each finding with its reason.
