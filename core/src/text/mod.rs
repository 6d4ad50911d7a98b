//! Running text: undoing the spellings that keep an observable from being clicked, making such
//! spellings, and finding observables with the place where they stand.

mod defang;
#[cfg(feature = "observables")]
pub mod extract;
mod refang;

#[cfg(feature = "observables")]
pub use defang::defang;
pub use defang::{DefangStyle, defang_indicator};
#[cfg(feature = "observables")]
pub use extract::{MAX_INDICATORS, extract, indicators};
pub use refang::refang;
