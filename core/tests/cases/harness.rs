//! How a file of cases is read and run.

use serde_json::Value;

/// Declares subjects: `name: |input| -> Value;` runs `tests/cases/name.json`.
macro_rules! subjects {
    ($($name:ident: $run:expr;)*) => {
        /// Every file of cases that is run.
        #[cfg(not(target_arch = "wasm32"))]
        pub(crate) const SUBJECTS: &[&str] = &[$(concat!(stringify!($name), ".json")),*];
        $(
            #[cfg_attr(not(target_arch = "wasm32"), test)]
            #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
            fn $name() {
                crate::harness::run(stringify!($name), include_str!(concat!("../../../tests/cases/", stringify!($name), ".json")), $run);
            }
        )*
    };
}

pub(crate) fn run(name: &str, text: &str, behave: impl Fn(&Value) -> Value) {
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty(), "{name} has no cases");
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let (input, expected) = (&case["in"], &case["out"]);
            let got = behave(input);
            (got != *expected).then(|| format!("{input}\n  expected {expected}\n  got      {got}"))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases of {name} fail:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

pub(crate) fn string(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Bytes of a case: a string, or `{"hex": …}`, or `{"repeat": …, "times": …}`, or a list of such to be
/// joined.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(parts) => parts.iter().flat_map(bytes).collect(),
        Value::Object(map) if map.contains_key("hex") => {
            let hex = string(&map["hex"]).replace(' ', "");
            (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap())
                .collect()
        }
        Value::Object(map) => string(&map["repeat"])
            .repeat(map["times"].as_u64().unwrap() as usize)
            .into_bytes(),
        other => panic!("no bytes: {other}"),
    }
}

pub(crate) use subjects;
