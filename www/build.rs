//! Turns the locale files into sorted tables. The words are read once, here, and the module that the
//! browser loads carries neither their descriptions nor a JSON parser for them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn main() {
    let mut tables = String::new();
    let used = used();
    for language in ["en", "ja"] {
        let file = format!("locales/{language}.json");
        println!("cargo:rerun-if-changed={file}");
        let text = read(Path::new(&file));
        let messages: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let name = language.to_uppercase();
        tables += &format!("const {name}: &[(&str, &str)] = &[\n");
        for (key, entry) in &messages {
            if !used(key) {
                continue;
            }
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

/// Tells which words the module that is built can show: those of the sources that `src/lib.rs` takes with
/// the features that are on. The tests look at all of them; what the core notices is named by the core.
fn used() -> impl Fn(&str) -> bool {
    println!("cargo:rerun-if-changed=src");
    let has = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let whole = has("LIGHT") && has("CONSOLE");
    let mut named = BTreeSet::new();
    let mut wanted = true;
    for line in read(Path::new("src/lib.rs")).lines() {
        if let Some(feature) = line.strip_prefix("#[cfg(feature = \"") {
            let feature = feature.split('"').next().unwrap_or_default();
            wanted = has(&feature.to_uppercase());
            continue;
        }
        let module = line
            .strip_prefix("mod ")
            .and_then(|rest| rest.strip_suffix(';'));
        if let Some(module) = module.filter(|_| wanted) {
            collect(&Path::new("src").join(module), &mut named);
        }
        wanted = true;
    }
    move |key| whole || key.starts_with("told_") || named.contains(key)
}

/// Every name in a `key("…")` of a module: a file, or a folder of files.
fn collect(module: &Path, named: &mut BTreeSet<String>) {
    let files = match std::fs::read_dir(module) {
        Ok(entries) => entries
            .map(|entry| entry.expect("src can be read").path())
            .collect(),
        Err(_) => vec![module.with_extension("rs")],
    };
    for file in files {
        for rest in read(&file).split("key(\"").skip(1) {
            named.extend(rest.split('"').next().map(str::to_owned));
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
