// What a program that uses @quorum/core may write by its types, and what it may not. It is compiled against
// dist/npm by the layer `types`, and by tests/gates/npm.test.mjs against the package as it is installed.

import {
  ArchiveReader, Blocklist, BlocklistBuilder, Extractor, FuzzyHasher, Hasher, Inspector, Sha256, Sha512,
  checkFileName, checkHost, checkLink, checkName, checkUrl, compareChecksums, defang, extract, fileType, groupByHost,
  groupByRegistrableDomain, headerChecksums, hostBothWays, indicators, kinds, leftOut, listChecksums, listedUrl, notice,
  pageChecksums, parse, publicSuffix, read, refang, registrableDomain, reserved, runsWhenOpened, shorten, showSafely,
  ssdeepScore, stixBundle, tlshDistance,
} from "@quorum/core";
import type { ArchiveEvent, Claim, Finding, Hit, Kind, ListHeader, ListUrlMatch, Observable } from "@quorum/core";

const bytes = new Uint8Array(8);

// Text.
const hits: Hit[] = extract("198.51.100.7", { lenient: true, kinds: ["ipv4", "url"] });
const kind: Kind = hits[0]?.kind ?? "google_analytics";
const inside: Hit[] | undefined = hits[0]?.inside;
const reason: "file_name" | undefined = leftOut("readme.md").map((one) => one.reason).find((one) => one === "file_name");
const extractor = new Extractor({ kinds: kinds() });
const streamed: Hit[] = [...extractor.push(bytes), ...extractor.finish()];
const words: string = defang("domain", refang("example[.]com"), "words");
const few: string[] = indicators("198.51.100.7", 9);
// @ts-expect-error: a text, and no number
extract(7);
// @ts-expect-error: no such kind
extract("x", { kinds: ["ipv5"] });
// @ts-expect-error: no such option
extract("x", { strict: true });
// @ts-expect-error: no such kind
const wrong: Kind = "hash";
// @ts-expect-error: no such style
defang("domain", "example.com", "stars");

// Observables.
const observable: Observable = parse("cidr", "192.0.2.0/24");
const maybe: Observable | undefined = read("example.com");
// @ts-expect-error: it may be nothing of the kind
read("example.com").value;
const why: "loopback" | string | undefined = reserved("localhost")?.reason;
const host: string | null | undefined = groupByHost(hits)[0]?.host;
const members: Observable[] | undefined = groupByRegistrableDomain([observable])[0]?.members;
const id: string = stixBundle(hits, new Date(0)).bundle.id;
// @ts-expect-error: the time is a Date
stixBundle(hits, "now");

// Addresses and deception.
const expression: string | undefined = listedUrl("http://example.com/")?.expressions[0]?.sha256;
const domain: string | undefined = registrableDomain("www.example.co.uk");
const known: boolean = publicSuffix("example.co.uk").known;
const removed: string | undefined = shorten("http://me@example.com/", "user_info").differences[0]?.what;
// @ts-expect-error: no such level
shorten("http://example.com/", "everything");
const both: string = hostBothWays("example.com").unicode + showSafely("x");
const findings: Finding[] = [...checkUrl("http://a/", ["example.com"]), ...checkHost("a"), ...checkLink("a", "b", ["example.com"]), ...checkFileName("a")];
for (const finding of findings) {
  if (finding.kind === "look_alike") {
    const trick: string = finding.trick + finding.protected + finding.message;
    void trick;
  }
  // @ts-expect-error: not every finding has a port
  void finding.port;
  // @ts-expect-error: no finding has this name
  if (finding.kind === "nonsense") void finding;
}
const severity: "notice" | "warning" | undefined = notice("http://a/", "b")[0]?.severity;

// Bytes.
const hasher = Hasher.restore(new Hasher().save());
hasher.update(bytes);
const size: number = hasher.digests().size;
const short: Uint8Array = new Sha256().digest();
const long: string = new Sha512().digest();
const tlsh: string | null = new FuzzyHasher().digests().tlsh;
const score: number = ssdeepScore("3:a:a", "3:a:a") + tlshDistance("T1", "T1");
const tags: string[] = fileType(bytes).tags;
const result: "fits" | "unusual" | "contradicts" | "no_ending" = checkName("a.exe", bytes).result;
const windows: boolean = runsWhenOpened("a.exe").windows;
// @ts-expect-error: bytes, and no text
hasher.update("text");
const reader = new ArchiveReader({ depth: 2 });
const events: ArchiveEvent[] = [...reader.push(bytes), ...reader.finish()];
for (const event of events) {
  if (event.event === "finished") void (event.digests.sha256 satisfies string);
  if (event.event === "begun" && event.kind === "symlink") void (event.target satisfies string);
  // @ts-expect-error: only what was read to its end has digests
  void event.digests;
}
const inspector = new Inspector("http://a/", "b");
const files: number = inspector.finish().files;

// Publishers' checksums.
const claims: Claim[] = [
  ...headerChecksums([["x-checksum-sha256", "00"]]),
  ...pageChecksums({ address: "http://a/", levels: [], links: [] }, "http://a/b").claims,
  ...listChecksums("", "http://a/SHA256SUMS", "http://a/b", "b"),
];
const holds: boolean | undefined = compareChecksums(claims, hasher.digests())[0]?.matches;
// @ts-expect-error: pairs of name and value
headerChecksums({ etag: "x" });

// Local lists.
const builder = new BlocklistBuilder("url", 4);
builder.addExpression("bad.example/");
const list = Blocklist.open(builder.build({ name: "mine", sequence: 1, createdAt: new Date(0) }));
const header: ListHeader = list.header;
const matches: ListUrlMatch[] = list.lookupUrl("http://bad.example/");
const index: number | undefined = list.lookupFile(hasher.digests())?.index ?? list.lookupExpression("a/")?.index ?? list.lookupDigest(bytes)?.prefixBits;
const next: Uint8Array = list.apply(list.diff(list));
// @ts-expect-error: no such kind of list
new BlocklistBuilder("domains");
// @ts-expect-error: a version has a number
builder.build({ name: "mine", createdAt: new Date(0) });

void [kind, inside, reason, streamed, words, few, wrong, maybe, why, host, members, id, expression, domain, known, removed, both, severity];
void [size, short, long, tlsh, score, tags, result, windows, files, holds, header, matches, index, next];
