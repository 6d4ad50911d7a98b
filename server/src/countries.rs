//! Countries of addresses, from a database file of the administrator's in MaxMind's format (GeoLite2,
//! DB-IP and others come in it). Without a file no submission has a country, and nothing is asked of
//! anybody: no address leaves.

use std::net::IpAddr;
use std::path::Path;

use maxminddb::Reader;

/// The database, read whole: a country database is a few megabytes.
pub(crate) struct Countries(Reader<Vec<u8>>);

impl Countries {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or is no such database; for people.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        Reader::open_readfile(path)
            .map(Self)
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The country that an address is registered in or, where that is not known, used in: ISO 3166
    /// with two letters.
    pub(crate) fn of(&self, address: IpAddr) -> Option<String> {
        let found = self.0.lookup(address).ok()?;
        let code = |key: &'static str| {
            let path = [key.into(), "iso_code".into()];
            found.decode_path::<String>(&path).ok().flatten()
        };
        code("country")
            .or_else(|| code("registered_country"))
            .filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()))
    }
}
