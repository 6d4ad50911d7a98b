//! Members of archives.

use crate::harness::subjects;

subjects! {}
