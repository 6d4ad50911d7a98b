//! Local lists: compact sets of hash prefixes, read where they lie.
