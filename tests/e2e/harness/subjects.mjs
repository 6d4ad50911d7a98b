// Every kind of download that is made with and without the extension and compared: what the site answers, and
// the page that starts it. A page and a click are enough for each of them.

import { gzipSync } from "node:zlib";

/** @typedef {import("./site.mjs").Site} Site */
/** @typedef {import("./site.mjs").Answer} Answer */

/**
 * @typedef {object} Subject
 * @property {string} name
 * @property {(site: Site) => string} page makes the page and gives its address; a click on `#go` there starts it
 * @property {"link" | "call"} [from] how another extension's page starts it: `page` gives the file's own address then
 * @property {number} [count] how many downloads it makes, if not one
 * @property {"complete" | "interrupted"} [ends] how each of them ends in Chromium, if not complete
 * @property {"cancel" | "pause" | "finish"} [meanwhile] what the user or the site does once it has begun
 * @property {boolean} [stopped] also tried where the backend is out of reach
 */

const BINARY = { "content-type": "application/octet-stream" };

/** Bytes that only this subject has; not so few that one packet holds all. @param {string} name @param {number} [length] */
export function bytes(name, length = 40_000) {
  return Buffer.alloc(length, `The bytes of ${name}, which nobody has seen before. `);
}

/**
 * An answer with some bytes.
 * @param {Buffer} body
 * @param {Record<string, string>} [headers]
 * @returns {Answer}
 */
const gives = (body, headers = {}) => (_, response) => {
  response.writeHead(200, { ...BINARY, "content-length": body.length, ...headers });
  response.end(body);
};

/** A page with a link to what `answer` gives. @param {string} name @param {Answer} answer @param {string} [file] */
const linked = (name, answer, file = `${name}.bin`) => (/** @type {Site} */ site) => site.link(name, site.serve(file, answer));

/** A file that is cut after a half whenever all of it is asked for; its other half can be asked for. */
const RESUMABLE = bytes("resumable", 3_000_000);

/** @type {Answer} */
function resumes({ headers }, response) {
  const from = Number(/^bytes=(\d+)-/.exec(String(headers.range ?? ""))?.[1] ?? 0);
  const common = { ...BINARY, "accept-ranges": "bytes", etag: '"one"', "last-modified": "Mon, 01 Jun 2026 00:00:00 GMT" };
  const length = RESUMABLE.length - from;
  if (from === 0) {
    response.writeHead(200, { ...common, "content-length": length });
    response.write(RESUMABLE.subarray(0, length >> 1), () => response.destroy());
    return;
  }
  response.writeHead(206, { ...common, "content-length": length, "content-range": `bytes ${from}-${RESUMABLE.length - 1}/${RESUMABLE.length}` });
  response.end(RESUMABLE.subarray(from));
}

/** Half of the bytes at once, the others when the site is told so, and to those who ask later at once. @param {string} name @param {number} [length] */
function slow(name, length = 300_000) {
  const body = bytes(name, length);
  /** @type {Set<() => void>} */
  const waiting = new Set();
  let over = false;
  return {
    body,
    /** @type {Answer} */
    answer(_, response) {
      response.writeHead(200, { ...BINARY, "content-length": body.length });
      response.write(body.subarray(0, body.length >> 1));
      const rest = () => void response.end(body.subarray(body.length >> 1));
      if (over) return rest();
      waiting.add(rest);
      response.once("close", () => waiting.delete(rest));
    },
    finish() {
      over = true;
      for (const rest of waiting) rest();
    },
  };
}

/** The same from a site that gives any part of a file: who halts and goes on asks for the rest. @param {string} name */
function slowInParts(name) {
  // Firefox goes on only with what it has begun to write.
  const { body, answer, finish } = slow(name, 8_000_000);
  const common = { ...BINARY, "accept-ranges": "bytes", etag: '"one"' };
  return {
    finish,
    /** @type {Answer} */
    answer(request, response) {
      const from = Number(/^bytes=(\d+)-/.exec(String(request.headers.range ?? ""))?.[1] ?? 0);
      for (const [header, value] of Object.entries(common)) response.setHeader(header, value);
      if (from === 0) return answer(request, response);
      response.writeHead(206, { "content-length": body.length - from, "content-range": `bytes ${from}-${body.length - 1}/${body.length}` });
      response.end(body.subarray(from));
    },
  };
}

/**
 * A page with a link to what comes in two parts; the second comes when somebody asks for `finish`.
 * @param {string} name
 * @param {(name: string) => {answer: Answer, finish: () => void}} made
 */
const paced = (name, made) => (/** @type {Site} */ site) => {
  const { answer, finish } = made(name);
  site.serve("finish", (_, response) => {
    response.end();
    finish();
  });
  return site.link(name, site.serve(`${name}.bin`, answer));
};

/** A page that makes a Blob and a link to it; `after` runs when the link was clicked. @param {string} name @param {string} parts JavaScript @param {string} [after] */
const blob = (name, parts, after = "") => (/** @type {Site} */ site) =>
  site.page(
    name,
    `<a id="go" download="${name}.bin">blob</a><script>{
      const go = document.querySelector("#go");
      go.href = URL.createObjectURL(new Blob(${parts}));
      go.addEventListener("click", () => { ${after} });
    }</script>`,
  );

/** @param {string} name @param {string} attributes of the form @param {string} fields */
const form = (name, attributes, fields) => (/** @type {Site} */ site) => {
  const body = bytes(name);
  const action = site.serve(`${name}.bin`, ({ method, body: sent }, response) => {
    if (method !== "POST" || !sent.includes("42")) {
      response.writeHead(405, { "content-type": "text/plain" });
      response.end("only the form may ask");
      return;
    }
    gives(body, { "content-disposition": `attachment; filename="${name}.bin"` })(/** @type {any} */ (null), response);
  });
  return site.page(name, `<form method="post" action="${action}" ${attributes}>${fields}<button id="go">Get</button></form>`);
};

/** Each asker of an address gets something else. @param {string} name @param {(number: number) => Buffer} body */
function fickle(name, body) {
  return (/** @type {Site} */ site) => {
    let asked = 0;
    return site.link(name, site.serve(`${name}.bin`, (request, response) => gives(body(asked++))(request, response)));
  };
}

/** @type {Subject[]} */
export const KINDS = [
  { name: "plain", page: linked("plain", gives(bytes("plain"))), stopped: true },
  { name: "gzip", page: linked("gzip", gives(gzipSync(bytes("gzip")), { "content-encoding": "gzip" })) },
  { name: "a gzip file sent as such", page: linked("tgz", gives(gzipSync(bytes("tgz")), { "content-type": "application/gzip" }), "tgz.tar.gz") },
  {
    name: "chunked",
    page: linked("chunked", (_, response) => {
      const body = bytes("chunked");
      response.writeHead(200, BINARY);
      for (let at = 0; at < body.length; at += 1000) response.write(body.subarray(at, at + 1000));
      response.end();
    }),
  },
  {
    name: "no length",
    page: linked("endless", (_, response) => {
      // Neither a length nor chunks: the connection's end is the file's.
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { ...BINARY, connection: "close" });
      response.end(bytes("endless"));
    }),
  },
  { name: "range requests", page: linked("resumable", resumes) },
  {
    name: "redirects over origins",
    stopped: true,
    page: (site) => {
      const end = site.serve("redirected.bin", gives(bytes("redirected")));
      const third = site.serve("third", (_, response) => response.writeHead(303, { location: `${site.elsewhere}${end}` }).end());
      const second = site.serve("second", (_, response) => response.writeHead(307, { location: `${site.origin}${third}` }).end());
      return site.link("redirected", site.serve("first", (_, response) => response.writeHead(301, { location: `${site.elsewhere}${second}` }).end()));
    },
  },
  {
    name: "attachment",
    page: linked("attachment", gives(bytes("attachment"), { "content-type": "text/plain", "content-disposition": 'attachment; filename="attachment.txt"' })),
    stopped: true,
  },
  {
    name: "data:",
    page: (site) => site.link("data", `data:application/octet-stream;base64,${bytes("data").toString("base64")}`, 'download="data.bin"'),
    stopped: true,
  },
  { name: "data:, large", page: (site) => site.link("data-large", `data:application/octet-stream;base64,${bytes("data-large", 1_000_000).toString("base64")}`, 'download="data-large.bin"') },
  { name: "blob:", page: blob("blob", '["the bytes of a blob, ", "made of two"]'), stopped: true },
  { name: "blob:, revoked at once", page: blob("revoked", '["gone before anybody could ask"]', "setTimeout(() => URL.revokeObjectURL(go.href))") },
  { name: "blob:, large", page: blob("blob-large", 'Array.from({ length: 100 }, (_, n) => new Uint8Array(1_000_000).fill(n))') },
  { name: "POST", page: form("post", "", '<input type="hidden" name="ticket" value="42">'), stopped: true },
  { name: "POST of a file's form", page: form("multipart", 'enctype="multipart/form-data"', '<input type="hidden" name="ticket" value="42"><input type="file" name="file">') },
  {
    name: "logged in with cookies",
    page: (site) => {
      const answer = gives(bytes("account"));
      const path = site.serve("account.bin", (request, response) => {
        const cookies = String(request.headers.cookie ?? "");
        if (/\blax=1\b/.test(cookies) && /\bstrict=2\b/.test(cookies)) return answer(request, response);
        response.writeHead(403, { "content-type": "text/html" });
        response.end("<p>Please log in.");
      });
      const login = site.serve("login", (_, response) => {
        response.writeHead(200, { "content-type": "text/html", "set-cookie": ["lax=1; HttpOnly; SameSite=Lax; Path=/", "strict=2; HttpOnly; SameSite=Strict; Path=/"] });
        response.end(`<!doctype html><a id="go" href="${path}">Download</a>`);
      });
      return `${site.origin}${login}`;
    },
  },
  { name: "a link on another extension's page", from: "link", page: (site) => `${site.origin}${site.serve("foreign.bin", gives(bytes("foreign")))}` },
  { name: "another extension's own call", from: "call", page: (site) => `${site.origin}${site.serve("called.bin", gives(bytes("called")))}` },
  {
    name: "one-time link",
    stopped: true,
    page: (site) => {
      let used = false;
      return site.link(
        "once",
        site.serve("once.bin", (request, response) => {
          if (used) return response.writeHead(410, { "content-type": "text/plain" }).end("this link was used");
          used = true;
          gives(bytes("once"))(request, response);
        }),
      );
    },
  },
  { name: "different bytes to the second asker", page: fickle("fickle", (number) => bytes(`asker ${number}`, 40_000 + 1_000 * number)) },
  { name: "same size, other bytes to the second asker", page: fickle("reversed", (number) => (number === 0 ? bytes("reversed") : bytes("reversed").reverse())) },
  {
    name: "a page for the second asker",
    page: (site) => {
      let asked = false;
      return site.link(
        "cloaked",
        site.serve("cloaked.bin", (request, response) => {
          const first = !asked;
          asked = true;
          gives(first ? bytes("cloaked") : Buffer.from("<p>Nothing to see here."), first ? {} : { "content-type": "text/html" })(request, response);
        }),
      );
    },
  },
  {
    name: "slow",
    meanwhile: "finish",
    page: paced("slow", slow),
  },
  {
    name: "paused and resumed by the user",
    meanwhile: "pause",
    page: paced("paused", slow),
  },
  {
    name: "paused and resumed by the user, from a site with ranges",
    meanwhile: "pause",
    page: paced("paused-in-parts", slowInParts),
  },
  {
    name: "cut in the middle",
    ends: "interrupted",
    page: linked("cut", (_, response) => {
      const body = bytes("cut", 300_000);
      response.writeHead(200, { ...BINARY, "content-length": body.length });
      response.write(body.subarray(0, 150_000), () => response.destroy());
    }),
  },
  { name: "cancelled by the user", meanwhile: "cancel", ends: "interrupted", page: linked("cancelled", (request, response) => slow("cancelled").answer(request, response)), stopped: true },
  { name: "0 bytes", page: linked("empty", gives(Buffer.alloc(0))), stopped: true },
  {
    name: "200 MB",
    stopped: true,
    page: linked("big", (_, response) => {
      response.writeHead(200, { ...BINARY, "content-length": 200 * 1024 * 1024 });
      send(response, 200 * 1024 * 1024);
    }),
  },
  {
    name: "same name twice",
    count: 2,
    page: (site) => {
      const [one, two] = [site.serve("twice", gives(bytes("one"))), site.serve("twice-again", gives(bytes("two")))];
      return site.page("twice", `<a href="${one}" download="twice.bin"></a><a href="${two}" download="twice.bin"></a><button id="go">Get</button>
        <script>document.querySelector("#go").addEventListener("click", () => document.querySelectorAll("a").forEach((link) => link.click()));</script>`);
    },
  },
];

/** One piece of a large file: each has its number in front, so that none can be lost or change places. @param {number} number */
export function piece(number) {
  const made = Buffer.alloc(1024 * 1024, "quorum ");
  made.writeUInt32BE(number);
  return made;
}

/**
 * Sends a large file that is made as it goes.
 * @param {import("node:http").ServerResponse} response
 * @param {number} length in bytes
 */
export function send(response, length) {
  let [number, left] = [0, length];
  const more = () => {
    while (left > 0 && !response.destroyed) {
      const next = piece(number++).subarray(0, left);
      left -= next.length;
      if (!response.write(next)) return response.once("drain", more);
    }
    response.end();
  };
  more();
}

/** @param {string} text as a header carries it: in bytes, that is */
const raw = (text) => Buffer.from(text).toString("latin1");
/** The form of RFC 8187. @param {string} name */
const extended = (name) => `attachment; filename*=UTF-8''${encodeURIComponent(name)}`;

/** What `Content-Disposition` may say: all forms of RFC 6266, and what is no form at all but sent every day. @type {Record<string, string>} */
const FORMS = {
  "a token": "attachment; filename=token.bin",
  "a quoted string": 'attachment; filename="a quoted name.bin"',
  "quoted pairs": 'attachment; filename="a \\"quoted\\" \\name.bin"',
  "UTF-8 in the extended form": "attachment; filename*=UTF-8''na%C3%AFve%20%E2%82%AC%20rates.bin",
  "ISO-8859-1 in the extended form": "attachment; filename*=ISO-8859-1''na%EFve.bin",
  "a language": "attachment; filename*=UTF-8'en'tagged.bin",
  "both forms": "attachment; filename=\"plain.bin\"; filename*=UTF-8''better%20%E6%97%A5%E6%9C%AC.bin",
  "both forms, the better one first": "attachment; filename*=UTF-8''first.bin; filename=\"second.bin\"",
  "any case and white space": 'ATTACHMENT ;  FileName = "loud.bin"',
  "no name": "attachment",
  "an empty name": 'attachment; filename=""',
  "inline with a name": 'inline; filename="inline.bin"',
  "an unknown type": 'something; filename="unknown-type.bin"',
  "a name without a type": 'filename="bare.bin"',
  "unknown parameters": 'attachment; size=9; filename="parameters.bin"; creation-date="Mon, 1 Jun 2026 00:00:00 GMT"',
  "two names": 'attachment; filename="one.bin"; filename="two.bin"',
  "a semicolon in quotes": 'attachment; filename="semi;colon.bin"',
  "escapes in a token": "attachment; filename=per%20cent.bin",
  "an encoded word": 'attachment; filename="=?UTF-8?Q?encoded=5Fword.bin?="',
  "raw UTF-8": raw('attachment; filename="rohe Bytes ü.bin"'),
  "raw ISO-8859-1": 'attachment; filename="raw \xfc.bin"',
  "an open quote": 'attachment; filename="open.bin',
  "a broken escape": "attachment; filename*=UTF-8''bro%ken.bin",
  "an unknown charset": "attachment; filename*=KLINGON''odd.bin",
};

/** Names that lie about a file or try to get elsewhere with it: those of which the browsers' own cleaning is known. @type {Record<string, string>} */
const HOSTILE = {
  "right-to-left override": "invoice\u202efdp.bin",
  "zero width": "in\u200bvoi\u200dce\ufeff.bin",
  "a tab": "in\tvoice.bin",
  "a colon": "file.txt:stream.bin",
  "a way up": "../../../up.bin",
  "a Windows way up": "..\\..\\up.bin",
  "an absolute path": "/etc/passwd.bin",
  "a double ending": "invoice.pdf.bin",
  "spaces before the ending": `invoice.pdf${" ".repeat(80)}.bin`,
  "dots and spaces at the end": "late.bin. . .",
  "a shortcut": "holiday.lnk",
  "a screen saver": "flowers.scr",
  "a disk image": "setup.iso",
  "a device": "CON.bin",
  "a NUL": "be\0fore.bin",
  "a line break": "li\r\nne.bin",
  "a hidden file": ".hidden.bin",
  "200 characters": `${"long".repeat(50)}.bin`,
  "only dots": "..",
};

/** @param {string} name @param {string} header @returns {Subject} */
const named = (name, header) => ({ name, page: linked(name, gives(bytes(name, 1000), { "content-disposition": header }), "asked") });

/** Attachments by what their header says. @type {Subject[]} */
export const NAMES = [
  ...Object.entries(FORMS).map(([name, header]) => named(`attachment with ${name}`, header)),
  ...Object.entries(HOSTILE).map(([name, file]) => named(`hostile name: ${name}`, extended(file))),
];
