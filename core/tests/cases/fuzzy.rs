//! Similarity digests.

use crate::harness::subjects;

subjects! {}
