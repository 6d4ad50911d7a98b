//! quorum-www
