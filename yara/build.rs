//! Lists every rule file in `rules/` so that the library can embed it: a rule that somebody adds is in
//! the pack without a second place to name it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let rules = Path::new(&env::var("CARGO_MANIFEST_DIR")?)
        .join("../rules")
        .canonicalize()?;
    println!("cargo:rerun-if-changed={}", rules.display());

    let mut files = Vec::<PathBuf>::new();
    for entry in fs::read_dir(&rules)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yar") {
            files.push(path);
        }
    }
    // The order of a directory differs between machines; the pack and its version must not.
    files.sort();

    let mut list = String::from("&[\n");
    for file in &files {
        let name = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .ok_or("a rule file's name is not UTF-8")?;
        let path = file.to_str().ok_or("the path to the rules is not UTF-8")?;
        writeln!(
            list,
            "    Source {{ name: {name:?}, text: include_str!({path:?}) }},"
        )?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("pack.rs"), list)?;
    Ok(())
}
