//! The Public Suffix List: where the part of a name ends that anybody can register below.
