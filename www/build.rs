//! Turns the locale files into sorted tables. The words are read once, here, and the module that the
//! browser loads carries neither their descriptions nor a JSON parser for them; nor words that no source of
//! this crate names. It is the build script of `www` and of `www/rules`, which shares some of its sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let locales = if Path::new("locales").exists() {
        "locales"
    } else {
        "../locales"
    };
    let used = used();
    let mut tables = String::new();
    for language in ["en", "ja"] {
        let file = format!("{locales}/{language}.json");
        println!("cargo:rerun-if-changed={file}");
        let messages: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&read(Path::new(&file)))
                .unwrap_or_else(|error| panic!("{file}: {error}"));
        // The tests look at all of them.
        for (all, cfg) in [(false, "not(test)"), (true, "test")] {
            let name = language.to_uppercase();
            tables += &format!("#[cfg({cfg})]\nconst {name}: &[(&str, &str)] = &[\n");
            for (key, entry) in messages
                .iter()
                .filter(|(key, _)| all || used.contains(*key))
            {
                let message = entry["message"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{file}: {key} has no message"));
                tables += &format!("    ({key:?}, {message:?}),\n");
            }
            tables += "];\n";
        }
    }
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("locales.rs"), tables).expect("OUT_DIR can be written");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every name in a `key("…")` of this crate's sources.
fn used() -> BTreeSet<String> {
    println!("cargo:rerun-if-changed=src");
    let mut sources: Vec<PathBuf> = fs::read_dir("src")
        .expect("there is src")
        .map(|entry| entry.expect("src can be read").path())
        .collect();
    // Those of the other crate that this one takes along.
    for rest in read(Path::new("src/lib.rs"))
        .split("#[path = \"../")
        .skip(1)
    {
        sources.push(
            rest.split('"')
                .next()
                .expect("split gives a first part")
                .into(),
        );
    }
    let mut used = BTreeSet::new();
    for source in sources {
        println!("cargo:rerun-if-changed={}", source.display());
        for rest in read(&source).split("key(\"").skip(1) {
            used.extend(rest.split('"').next().map(str::to_owned));
        }
    }
    used
}
