//! Observables: each kind read and refused, grouping.

use crate::harness::subjects;

subjects! {}
