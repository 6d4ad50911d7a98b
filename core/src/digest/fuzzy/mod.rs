//! Similarity digests: ssdeep and TLSH.
