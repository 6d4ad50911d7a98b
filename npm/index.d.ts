export * from "./quorum_npm.js";
