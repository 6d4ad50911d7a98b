//! Running text: refang, defang, extract.

use crate::harness::subjects;

subjects! {}
