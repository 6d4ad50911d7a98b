//! Local lists.

use crate::harness::subjects;

subjects! {}
