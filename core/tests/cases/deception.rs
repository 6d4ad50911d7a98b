//! Deception checks.

use crate::harness::subjects;

subjects! {}
