//! quorum-extension
