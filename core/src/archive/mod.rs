//! The members of an archive, listed and hashed while it streams by, within limits.
