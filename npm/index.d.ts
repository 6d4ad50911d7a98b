export * from "./quorum_package.js";
