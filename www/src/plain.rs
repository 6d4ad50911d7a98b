//! Text from outside, as it is shown: with nothing hidden in it, so that a name reads as it is. Which
//! characters are hidden, and that they are written out as `[U+202E]`, is the core's.

pub(crate) use quorum_core::hidden::show_text_safely as reveal;
