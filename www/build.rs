//! Turns the locale files into sorted tables. The words are read once, here, and the module that the
//! browser loads carries neither their descriptions nor a JSON parser for them.

use std::collections::BTreeMap;
use std::path::Path;

fn main() {
    let mut tables = String::new();
    for language in ["en", "ja"] {
        let file = format!("locales/{language}.json");
        println!("cargo:rerun-if-changed={file}");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let messages: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let name = language.to_uppercase();
        tables += &format!("const {name}: &[(&str, &str)] = &[\n");
        for (key, entry) in &messages {
            let message = entry["message"]
                .as_str()
                .unwrap_or_else(|| panic!("{file}: {key} has no message"));
            tables += &format!("    ({key:?}, {message:?}),\n");
        }
        tables += "];\n";
    }
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join("locales.rs"), tables).expect("OUT_DIR can be written");
}
