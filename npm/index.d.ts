// wasm-bindgen gives each class a [Symbol.dispose], which older targets do not know by themselves.
/// <reference lib="esnext.disposable" />
export * from "./quorum_package.js";
