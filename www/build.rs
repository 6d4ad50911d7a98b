//! Turns the locale files into sorted tables. The words are read once, here, and the module that the
//! browser loads carries neither their descriptions nor a JSON parser for them.

use std::collections::BTreeMap;
use std::path::Path;

fn main() {
    let mut tables = String::new();
    let used = used();
    for language in ["en", "ja"] {
        let file = format!("locales/{language}.json");
        println!("cargo:rerun-if-changed={file}");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
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

/// Tells which words the module that is built can show. The tests look at all of them; and what the core
/// notices is named by the core.
fn used() -> impl Fn(&str) -> bool {
    let has = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let whole = has("LIGHT") && has("CONSOLE");
    println!("cargo:rerun-if-changed=src");
    let mut named = std::collections::BTreeSet::new();
    // What `lib.rs` has for one of the two modules only.
    let one =
        |names: &[&str], path: &Path| names.iter().any(|name| path == Path::new("src").join(name));
    let folders = ["src", "src/rules"];
    let files = folders.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
        entries.map(|entry| entry.expect("src can be read").path())
    });
    for path in files.filter(|path| path.is_file()) {
        let console = path.starts_with("src/rules")
            || one(
                &[
                    "history.rs",
                    "menu.rs",
                    "options.rs",
                    "policy.rs",
                    "sent.rs",
                ],
                &path,
            );
        let light = one(&["card.rs", "page.rs", "popup.rs"], &path);
        if (console && !has("CONSOLE")) || (light && !has("LIGHT")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("src can be read");
        for rest in text.split("key(\"").skip(1) {
            named.extend(rest.split('"').next().map(str::to_owned));
        }
    }
    move |key| whole || key.starts_with("told_") || named.contains(key)
}
