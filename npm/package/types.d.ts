// The types of what crosses as plain objects. src/lib.rs puts them into the package's own .d.ts, behind
// `Kind`, which it makes of the core's list.

export interface Observable {
  kind: Kind;
  /** The canonical text. */
  value: string;
  /** The id under which the API v3 keeps it, if it keeps such things. */
  id?: string;
}

export interface Hit {
  kind: Kind;
  value: string;
  /** As it stands in the text. */
  written: string;
  /** Where it stands: UTF-16 code units for a string, bytes for bytes. */
  start: number;
  end: number;
  /** What it contains: an address's host, a mailbox's domain. */
  inside: Hit[];
}

export interface ExtractOptions {
  /** Takes names that read like files, versions or code, too. */
  lenient?: boolean;
  /** These kinds only. */
  kinds?: Kind[];
}

/** Something that looked like an observable and was left out. */
export interface LeftOut {
  written: string;
  start: number;
  end: number;
  reason: "file_name" | "version" | "unknown_suffix" | "public_suffix" | "code" | "reverse_name" | "sentence" | "checksum" | "malformed";
}

export type DefangStyle = "brackets" | "parentheses" | "words";

/** Why something is not of the public internet, by name and as a sentence. */
export interface Reserved {
  reason: "loopback" | "private_network" | "shared" | "link_local" | "multicast" | "documentation" | "unassigned" | "local_name" | "single_label";
  message: string;
}

/** Observables of one host or one registrable domain, each once; `host` is null for those that are at none. */
export interface Group { host: string | null; members: Observable[] }

/** A STIX 2.1 bundle, and what STIX has no object for. */
export interface StixBundle {
  bundle: { type: "bundle"; id: string; objects: { type: string; id: string; [property: string]: unknown }[] };
  leftOut: Observable[];
}

export interface ListedUrl { canonical: string; expressions: { expression: string; sha256: string }[] }

/** The end of a name below which names are registered; `known`: the list has it; `private`: a company's, not a registry's. */
export interface PublicSuffix { text: string; known: boolean; private: boolean }

/** How much `shorten` takes out; each level does what those before it do. */
export type ShortenLevel = "user_info" | "fragment" | "query" | "path";
export interface Shortened {
  text: string;
  /** What is different, in the order of the text: `start` to `end` of the original (UTF-16) became `replacement`. */
  differences: {
    start: number;
    end: number;
    what: "user_info" | "fragment" | "token" | "jwt" | "session" | "signature" | "email" | "person" | "tracking" | "random";
    replacement: string;
  }[];
}

/** A host as people write it, and as the DNS has it. */
export interface BothWays { unicode: string; ascii: string }

/** Where in an address something stands. */
export type Place = "host" | "address" | "link_text" | "file_name";
/** How a name imitates a protected one. */
export type Trick =
  | "homoglyph" | "accent" | "transposition" | "doubled_letter" | "hyphen" | "missing_dot" | "keyboard_neighbour"
  | "bit_flip" | "substitution" | "insertion" | "omission" | "other_suffix";
/** What a finding is, with its facts. Texts are safe to show; characters are written `U+0430`. */
export type Reason =
  | { kind: "mixed_scripts"; label: string; ascii: string; scripts: string[]; characters: string[]; reads_as: string | null }
  | { kind: "whole_script_confusable"; label: string; ascii: string; script: string; reads_as: string }
  | { kind: "uncommon_characters"; label: string; ascii: string; characters: string[]; reads_as: string | null }
  | { kind: "foreign_digits"; label: string; ascii: string; characters: string[] }
  | { kind: "fake_punctuation" | "bidi_control" | "invisible_characters"; place: Place; text: string; characters: string[] }
  | { kind: "disguised_host" | "encoded_host"; written: string; host: string }
  | { kind: "invalid_name"; host: string }
  | { kind: "long_host"; end: string; characters: number; labels: number }
  | { kind: "obfuscated_ip"; written: string; address: string; form: "decimal" | "octal" | "hexadecimal" | "short" | "mapped" | "other_characters" }
  | { kind: "look_alike"; domain: string; ascii: string; protected: string; trick: Trick }
  | { kind: "name_inside_name" | "name_in_subdomain"; domain: string; part: string; protected: string }
  | { kind: "credentials" | "backslash" | "odd_slashes" | "nested_url"; host: string }
  | { kind: "credentials_look_like_host"; pretended: string; host: string }
  | { kind: "hidden_whitespace"; characters: string[] }
  | { kind: "odd_port"; port: number }
  | { kind: "scheme"; scheme: string; effect: "runs_script" | "inline_page" | "inline_content" | "made_by_page" | "local_file" | "remote_file" | "starts_program" }
  | { kind: "link_text_names_other_host"; named: string; target: string }
  | { kind: "double_ending"; pretended: string; ending: string }
  | { kind: "hidden_ending" | "ending_never_shown" | "little_known_program"; ending: string }
  | { kind: "trailing_dots_or_spaces" | "path_in_name"; name: string };
/** What was noticed; `message` is an English sentence without a full stop. */
export type Finding = Reason & { severity: Severity; message: string };

export interface Digests { md5: string; sha1: string; sha256: string; size: number }
export interface Similarity { ssdeep: string; tlsh: string | null }
/** A file type as the API v3 spells it. */
export interface FileType { tag: string; description: string; extension: string; tags: string[] }
/** What a name's ending has to do with the content; `expected` are the endings that such content bears. */
export interface NameCheck { result: "fits" | "unusual" | "contradicts" | "no_ending"; expected: string[] }
/** Where a double click on a file runs what is in it, by its ending. */
export interface RunsOn { windows: boolean; macos: boolean; linux: boolean }
/** A publisher's claim that was compared. */
export interface Compared { source: Claim["source"]; algorithm: Claim["algorithm"]; matches: boolean }

/** What is read at most; each has a default that a browser can take. */
export interface ArchiveLimits {
  /** How many archives may be around a member: 5, at most 16. */
  depth?: number;
  /** Members in all archives together: 10,000. */
  members?: number;
  /** Bytes of all members at one depth together: 2 ** 30. */
  unpacked?: number;
  /** Bytes of one member: 2 ** 29. */
  member?: number;
  /** Unpacked bytes for each packed one: 200. */
  ratio?: number;
}
export type ArchiveKind = "zip" | "gzip" | "tar";
export type Damage =
  | { damage: "header" | "truncated" | "no_directory" | "deflate" | "checksum" | "descriptor" | "pax" | "long_header" }
  | { damage: "size"; told: number; found: number }
  | { damage: "leftover"; bytes: number };
export type ArchiveFinding =
  | { finding: "duplicate_name" | "not_in_directory" | "second_end" | "concatenated" | "symlink" }
  | { finding: "only_in_directory" | "overlap"; name: string }
  | { finding: "directory_differs"; field: "name" | "method" | "encryption" | "checksum" | "packed" | "unpacked"; name: string }
  | { finding: "directory_count" | "directory_elsewhere"; told: number; found: number }
  | { finding: "gap" | "trailing"; bytes: number };
/** What the reader tells. `archive` and `member` are ids; null: the outermost, none. Numbers above 2 ** 53 are rounded. */
export type ArchiveEvent =
  | { event: "opened"; kind: ArchiveKind; archive: number | null; at: number }
  | ({
      event: "begun";
      id: number;
      archive: number | null;
      container: ArchiveKind;
      /** How many archives are around it, from 1. */
      depth: number;
      /** The names from the outermost member to this one, safe to show. */
      path: string[];
      /** The name as it is written, in hex. */
      name: string;
      flags: ("traversal" | "absolute" | "drive" | "control" | "bidi" | "encoding")[];
      /** `stored`, `deflate`, or one that is not read. */
      method: string;
      encryption: "traditional" | "aes128" | "aes192" | "aes256" | "strong" | null;
      /** Sizes by its header. */
      packed: number | null;
      unpacked: number | null;
    } & ({ kind: "file" | "directory" | "device" | "label" } | { kind: "symlink" | "hardlink"; target: string }))
  | { event: "finished"; member: number; depth: number; digests: Digests; file_type: FileType }
  | { event: "limit"; limit: "depth" | "members" | "unpacked" | "member" | "ratio"; member: number | null }
  | { event: "damaged"; archive: number | null; member: number | null; at: number; damage: Damage }
  | { event: "unsupported"; member: number; method: string }
  | { event: "finding"; archive: number | null; member: number | null; at: number; finding: ArchiveFinding };

/** What the entries of a list are: addresses, or files by one of their digests. */
export type ListKind = "url" | `${"good" | "bad"}_file_${"sha256" | "sha1" | "md5"}`;
export interface ListHeader {
  kind: ListKind;
  /** Bytes of each prefix, 4 to 8. */
  prefixBytes: number;
  name: string;
  /** What is newer has the greater number. */
  sequence: number;
  /** What the source itself calls the version. */
  token: Uint8Array;
  /** When it was made. */
  createdAt: Date;
  entries: number;
}
export interface ListVersion {
  name: string;
  sequence: number;
  /** Up to 64 bytes that only the source understands. */
  token?: Uint8Array;
  createdAt: Date;
}
/** An entry that matched: so many bits of the digest are the same, which is a hint and no proof. */
export interface ListMatch { prefixBits: number; index: number }
/** As `ListMatch`, with the expression of the address that matched and its full hash. */
export interface ListUrlMatch extends ListMatch { expression: string; sha256: string }
