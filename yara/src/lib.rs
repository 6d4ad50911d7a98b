//! YARA-X behind Quorum's own types, with Quorum's own rules inside.
//!
//! The rest of the project sees rules, matches and errors of this crate only, so YARA-X can be moved to a
//! new version, or into a Worker, in one place. The library does no IO and starts no thread of its own
//! (YARA-X natively keeps one, for its timeout); it builds for `wasm32-unknown-unknown` too.
//!
//! ```
//! let mut scanner = quorum_yara::Scanner::new(quorum_yara::Ruleset::embedded());
//! assert!(scanner.scan(b"hello")?.is_empty());
//! # Ok::<(), quorum_yara::ScanError>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod ruleset;
mod scanner;
mod text;

pub use ruleset::{CompileError, RuleInfo, Ruleset, Severity, Source};
pub use scanner::{BlockScanner, MAX_DATA, MAX_MATCHES, Match, PatternMatch, ScanError, Scanner};
pub use text::rule_texts;

/// The version of the YARA-X engine inside, such as `1.22.1`.
pub const ENGINE_VERSION: &str = yara_x::VERSION;
