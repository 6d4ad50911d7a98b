"""Makes tests/cases/archives.json: `python3 tests/cases/archives.py > tests/cases/archives.json`.

The archives are made by Python's zipfile, tarfile and gzip and then, for the hostile ones, changed byte
by byte; what is expected of them is told beside each, from the data that went in. One event is one line:

    ARCHIVE opens KIND at PLACE           ARCHIVE is the id of the member it is in, - for the outermost
    ID PATH[ -> SYMLINK| => HARDLINK] METHOD[ ENCRYPTION] PACKED/UNPACKED[ FLAG…]
    ID = SIZE MD5 TYPE
    ID limit WHICH, ID unsupported METHOD, ID damaged: WHY, ID finding: WHAT
"""
import gzip
import hashlib
import io
import json
import re
import struct
import tarfile
import zipfile
import zlib

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
WHEN = (1980, 1, 1, 0, 0, 0)
cases = []


def case(about, data, out, **limits):
    # In hex, long runs of one byte apart.
    parts = []
    for run in re.finditer(rb"(?s)([\0-\x7f])\1{40,}|(?:(?!([\0-\x7f])\2{40}).)+", data):
        run, byte = run.group(), run.group(1)
        parts.append({"repeat": byte.decode(), "times": len(run)} if byte else {"hex": run.hex()})
    given = {"about": about, "bytes": parts}
    if limits:
        given["limits"] = limits
    cases.append({"in": given, "out": out})


def info(name, method=DEFLATED, **fields):
    entry = zipfile.ZipInfo(name, WHEN)
    entry.compress_type = method
    for key, value in fields.items():
        setattr(entry, key, value)
    return entry


def make_zip(*members, comment=b""):
    """(name or ZipInfo, bytes[, method]) each."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data, *method in members:
            entry = name if isinstance(name, zipfile.ZipInfo) else info(name, *(method or [DEFLATED]))
            archive.writestr(entry, data)
        archive.comment = comment
    return file.getvalue()


class Pipe(io.RawIOBase):
    """A file that cannot seek: zipfile then writes data descriptors."""

    def __init__(self):
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


def make_piped(*members, **how):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, data, method in members:
            with archive.open(info(name, method), "w", **how) as entry:
                entry.write(data)
    return pipe.data


def raw(data):
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def local(name, data, method=0, flags=0, crc=None, packed=None, unpacked=None, extra=b"", body=None):
    body = (raw(data) if method == 8 else data) if body is None else body
    return struct.pack(
        "<4s5H3I2H", b"PK\3\4", 20, flags, method, 0, 33, zlib.crc32(data) if crc is None else crc,
        len(body) if packed is None else packed, len(data) if unpacked is None else unpacked,
        len(name), len(extra)) + name + extra + body


def central(name, data, offset, method=0, flags=0, crc=None, packed=None, unpacked=None, extra=b"", made=20, mode=0):
    body = raw(data) if method == 8 else data
    return struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", made, 20, flags, method, 0, 33, zlib.crc32(data) if crc is None else crc,
        len(body) if packed is None else packed, len(data) if unpacked is None else unpacked,
        len(name), len(extra), 0, 0, 0, mode << 16, offset) + name + extra


def end(count, size, offset, comment=b""):
    return struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, offset, len(comment)) + comment


def hand_zip(locals_, centrals, gap=b"", comment=b"", count=None, offset=None):
    body, directory = b"".join(locals_) + gap, b"".join(centrals)
    place = len(body) if offset is None else offset
    return body + directory + end(len(centrals) if count is None else count, len(directory), place, comment)


def whole(number, data, tag="text"):
    return f"{number} = {len(data)} {hashlib.md5(data).hexdigest()} {tag}"


def sizes(data, method=DEFLATED):
    return f"{'deflate' if method == DEFLATED else 'stored'} {len(raw(data)) if method == DEFLATED else len(data)}/{len(data)}"


ZIP, GZIP, TAR = "- opens zip at 0", "- opens gzip at 0", "- opens tar at 0"
HELLO, MORE = b"hello\n", b"the quick brown fox jumps over the lazy dog\n" * 20

# ZIP: what is sound

case("two members", make_zip(("a.txt", HELLO), ("b/c.txt", MORE)),
     [ZIP, "0 a.txt " + sizes(HELLO), whole(0, HELLO), "1 b/c.txt " + sizes(MORE), whole(1, MORE)])
case("stored", make_zip(("a.txt", HELLO, STORED)), [ZIP, "0 a.txt stored 6/6", whole(0, HELLO)])
case("no members", make_zip(), [ZIP])
case("an empty file and a directory", make_zip(("e", b"", STORED), (info("d/", STORED), b"")),
     [ZIP, "0 e stored 0/0", whole(0, b"", "empty"), "1 d/ directory stored 0/0"])
case("with a comment", make_zip(("a.txt", HELLO), comment=b"a comment"), [ZIP, "0 a.txt " + sizes(HELLO), whole(0, HELLO)])
case("data descriptors, deflated", make_piped(("a.txt", HELLO, DEFLATED), ("b", MORE, DEFLATED)),
     [ZIP, "0 a.txt deflate ?/?", whole(0, HELLO), "1 b deflate ?/?", whole(1, MORE)])
case("data descriptors, stored", make_piped(("a.txt", HELLO, STORED), ("b", MORE, STORED)),
     [ZIP, "0 a.txt stored ?/?", whole(0, HELLO), "1 b stored ?/?", whole(1, MORE)])
case("data descriptors with 64-bit sizes", make_piped(("a.txt", HELLO, DEFLATED), ("b", MORE, STORED), force_zip64=True),
     [ZIP, "0 a.txt deflate ?/?", whole(0, HELLO), "1 b stored ?/?", whole(1, MORE)])
inner = make_zip(("a.txt", HELLO, STORED))
case("a stored ZIP of unknown length: its own descriptors and headers are no end",
     make_piped(("in.zip", make_piped(("a.txt", HELLO, STORED)), STORED)),
     [ZIP, "0 in.zip stored ?/?", "0 opens zip at 0", "1 in.zip > a.txt stored ?/?", whole(1, HELLO),
      whole(0, make_piped(("a.txt", HELLO, STORED)), "zip")])
case("a data descriptor without signature", hand_zip(
    [local(b"a", HELLO, 8, 8, 0, 0, 0) + struct.pack("<3I", zlib.crc32(HELLO), len(raw(HELLO)), 6)],
    [central(b"a", HELLO, 0, 8, 8)]), [ZIP, "0 a deflate ?/?", whole(0, HELLO)])
case("a data descriptor with 64-bit sizes and no ZIP64 field", hand_zip(
    [local(b"a", HELLO, 8, 8, 0, 0, 0) + struct.pack("<4sI2Q", b"PK\7\x08", zlib.crc32(HELLO), len(raw(HELLO)), 6)],
    [central(b"a", HELLO, 0, 8, 8)]), [ZIP, "0 a deflate ?/?", whole(0, HELLO)])
file = io.BytesIO()
with zipfile.ZipFile(file, "w") as archive:
    with archive.open(info("a.txt"), "w", force_zip64=True) as entry:
        entry.write(HELLO)
case("ZIP64 sizes in the local header", file.getvalue(), [ZIP, "0 a.txt " + sizes(HELLO), whole(0, HELLO)])
wide = struct.pack("<2H3Q", 1, 24, 6, 6, 0)
body = local(b"a", HELLO, 0, packed=0xFFFFFFFF, unpacked=0xFFFFFFFF, extra=wide[:4].replace(b"\x18", b"\x10") + wide[4:20])
listed = central(b"a", HELLO, 0xFFFFFFFF, packed=0xFFFFFFFF, unpacked=0xFFFFFFFF, extra=wide)
end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(listed), len(body))
locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(body) + len(listed), 1)
case("ZIP64 in everything", body + listed + end64 + locator
     + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0), [ZIP, "0 a stored 6/6", whole(0, HELLO)])
case("a UTF-8 name with the flag", make_zip(("größe/日本.txt", HELLO)), [ZIP, "0 größe/日本.txt " + sizes(HELLO), whole(0, HELLO)])
cp437 = "Größe".encode("cp437")
case("a name in code page 437", hand_zip([local(cp437, HELLO)], [central(cp437, HELLO, 0)]), [ZIP, "0 Größe stored 6/6", whole(0, HELLO)])
utf8 = "Größe".encode()
case("a UTF-8 name without the flag", hand_zip([local(utf8, HELLO)], [central(utf8, HELLO, 0)]), [ZIP, "0 Größe stored 6/6", whole(0, HELLO)])
path = struct.pack("<HHBI", 0x7075, 5 + len(utf8), 1, zlib.crc32(b"Gr_e")) + utf8
case("Info-ZIP's Unicode path", hand_zip([local(b"Gr_e", HELLO, extra=path)], [central(b"Gr_e", HELLO, 0, extra=path)]),
     [ZIP, "0 Größe stored 6/6", whole(0, HELLO)])
case("Info-ZIP's Unicode path of another name", hand_zip([local(b"x", HELLO, extra=path)], [central(b"x", HELLO, 0, extra=path)]),
     [ZIP, "0 x stored 6/6", whole(0, HELLO)])
case("behind a program, offsets as they were", b"MZ" + bytes(700) + make_zip(("a.txt", HELLO)),
     ["- opens zip at 702", "0 a.txt " + sizes(HELLO), whole(0, HELLO)])
file = io.BytesIO(b"MZ" + bytes(700))
file.seek(0, 2)
with zipfile.ZipFile(file, "a") as archive:
    archive.writestr(info("a.txt"), HELLO)
case("behind a program, offsets moved", file.getvalue(), ["- opens zip at 702", "0 a.txt " + sizes(HELLO), whole(0, HELLO)])
case("an APK's signing block is no gap", hand_zip([local(b"a", HELLO)], [central(b"a", HELLO, 0)],
     gap=struct.pack("<Q", 40) + bytes(16) + struct.pack("<Q", 40) + b"APK Sig Block 42"), [ZIP, "0 a stored 6/6", whole(0, HELLO)])
file = io.BytesIO(b"PK\7\x08")
file.seek(0, 2)
with zipfile.ZipFile(file, "a") as archive:
    archive.writestr(info("a.txt"), HELLO)
case("the mark of one disk", file.getvalue(), [ZIP, "0 a.txt " + sizes(HELLO), whole(0, HELLO)])
case("an empty deflated member of no bytes", hand_zip([local(b"a", b"", 8, body=b"")], [central(b"a", b"", 0, 8, packed=0)]),
     [ZIP, "0 a deflate 0/0", whole(0, b"", "empty")])

# ZIP: what is not read

SECRET = bytes(range(18))
for method, name in [(12, "bzip2"), (14, "lzma"), (9, "deflate64"), (93, "zstd"), (98, "ppmd"), (77, "method 77")]:
    case(name, hand_zip([local(b"a", SECRET, method), local(b"b", HELLO)],
                        [central(b"a", SECRET, 0, method), central(b"b", HELLO, 49)]),
         [ZIP, f"0 a {name} 18/18", f"0 unsupported {name}", "1 b stored 6/6", whole(1, HELLO)])
case("traditional encryption", hand_zip([local(b"a", SECRET, 0, 1, 5, 18, 6)], [central(b"a", SECRET, 0, 0, 1, 5, 18, 6)]),
     [ZIP, "0 a stored traditional 18/6"])
case("traditional encryption with a descriptor, as Info-ZIP writes it", hand_zip(
    [local(b"a", SECRET, 8, 9, 0, 0, 0, body=SECRET) + struct.pack("<4s3I", b"PK\7\x08", 5, 18, 6), local(b"b", HELLO)],
    [central(b"a", SECRET, 0, 8, 9, 5, 18, 6), central(b"b", HELLO, 65)]),
    [ZIP, "0 a deflate traditional ?/?", "1 b stored 6/6", whole(1, HELLO)])
for strength, bits in [(1, 128), (2, 192), (3, 256)]:
    aes = struct.pack("<2HH2sBH", 0x9901, 7, 2, b"AE", strength, 8)
    case(f"AES-{bits}", hand_zip([local(b"a", SECRET, 99, 1, 0, 18, 6, aes)], [central(b"a", SECRET, 0, 99, 1, 0, 18, 6, aes)]),
         [ZIP, f"0 a deflate aes{bits} 18/6"])
case("PKWARE's strong encryption", hand_zip([local(b"a", SECRET, 8, 0x41, 5, 18, 6, body=SECRET)],
     [central(b"a", SECRET, 0, 8, 0x41, 5, 18, 6)]), [ZIP, "0 a deflate strong 18/6"])

# ZIP: names

for name, flag in [("../a", "traversal"), ("b/../../a", "traversal"), ("..\\a", "traversal"), ("/etc/a", "absolute"), ("\\\\server\\a", "absolute"),
                   ("C:\\a", "drive"), ("a..b/c", "")]:
    case(f"the name {name}", hand_zip([local(name.encode(), HELLO)], [central(name.encode(), HELLO, 0)]),
         [ZIP, f"0 {name} stored 6/6" + (" " + flag if flag else ""), whole(0, HELLO)])
for name, shown, flag in [(b"a.txt\0.exe", "a.txt\ufffd.exe", "control"), ("a\u202etxt.exe".encode(), "a\ufffdtxt.exe", "bidi")]:
    case(f"the name {name}", hand_zip([local(name, HELLO, flags=2048)], [central(name, HELLO, 0, flags=2048)]),
         [ZIP, f"0 {shown} stored 6/6 {flag}", whole(0, HELLO)])
case("a name that says UTF-8 and is not", hand_zip([local(b"a\xff", HELLO, flags=2048)], [central(b"a\xff", HELLO, 0, flags=2048)]),
     [ZIP, "0 a\ufffd stored 6/6 encoding", whole(0, HELLO)])
twice = [local(b"a", HELLO), local(b"a", MORE)]
case("one name twice", hand_zip(twice, [central(b"a", HELLO, 0), central(b"a", MORE, len(twice[0]))]),
     [ZIP, "0 a stored 6/6", whole(0, HELLO), "1 a stored 880/880", "1 finding: another member has the same name", whole(1, MORE)])

# ZIP: the directory against what streamed

two = [local(b"a", HELLO), local(b"b", MORE)]
seen = [ZIP, "0 a stored 6/6", whole(0, HELLO), "1 b stored 880/880", whole(1, MORE)]
listed = [central(b"a", HELLO, 0), central(b"b", MORE, len(two[0]))]
case("a member that the directory hides", hand_zip(two, listed[1:]), seen + ["0 finding: the directory does not list it"])
case("a member that only the directory has", hand_zip(two, listed + [central(b"ghost", HELLO, 9999)]),
     seen + ["- finding: the directory lists ghost, which is not where it should be"])
case("another name in the directory", hand_zip(two, [central(b"x", HELLO, 0), listed[1]]), seen + ["0 finding: the directory has another name for it"])
case("another method in the directory", hand_zip(two, [central(b"a", HELLO, 0, 8, packed=6), listed[1]]),
     seen + ["0 finding: the directory has another method for it"])
case("another size in the directory", hand_zip(two, [central(b"a", HELLO, 0, unpacked=5), listed[1]]),
     seen + ["0 finding: the directory has another size for it"])
case("another checksum and packed size in the directory", hand_zip(two, [central(b"a", HELLO, 0, crc=1, packed=5), listed[1]]),
     seen + ["0 finding: the directory has another checksum for it", "0 finding: the directory has another packed size for it"])
case("encrypted by the directory only", hand_zip(two, [central(b"a", HELLO, 0, flags=1), listed[1]]),
     seen + ["0 finding: the directory has another encryption for it"])
case("two entries of one member", hand_zip(two, listed + [central(b"c", HELLO, 0)]), seen + ["0 finding: c shares its bytes with another member"])
case("the count is wrong", hand_zip(two, listed, count=7), seen + ["- finding: the directory has 2 entries and should have 7"])
case("the directory is elsewhere", hand_zip(two, listed, offset=3), seen + ["- finding: the directory is at 948 and should be at 3"])
case("bytes between", hand_zip([two[0], b"?" * 50], [listed[0]]), seen[:3] + ["- finding: 50 bytes belong to nothing"])
for junk in [b"?PK\1\2junk", b"?PK\5\6\xff", b"?PK\3\4\xff", b"?PPPPK", b"?PK\1\2" + bytes(7)]:
    body = local(b"b", MORE, 8)
    case(f"{junk} between", hand_zip([two[0], junk, body], [listed[0], central(b"b", MORE, len(two[0] + junk), 8)]),
         seen[:3] + [f"- finding: {len(junk)} bytes belong to nothing", f"1 b deflate {len(raw(MORE))}/880", whole(1, MORE)])
case("bytes behind", hand_zip(two, listed) + b"?" * 50, seen + ["- finding: 50 bytes stand behind the end"])
case("another end in the comment", hand_zip(two, listed, comment=end(0, 0, 0)), seen + ["- finding: the comment looks like another end of the archive"])
case("two archives, one behind the other", hand_zip(two[:1], listed[:1]) + hand_zip([local(b"evil", MORE)], [central(b"evil", MORE, 0)]),
     seen[:3] + ["- finding: another archive stands behind the end", "1 evil stored 880/880", whole(1, MORE)])
case("a symbolic link", hand_zip([local(b"l", b"/etc/passwd")], [central(b"l", b"/etc/passwd", 0, made=0x314, mode=0o120777)]),
     [ZIP, "0 l stored 11/11", whole(0, b"/etc/passwd"), "0 finding: it is a symbolic link"])
# Fifield's overlap: the second header stands inside of the first member, quoted by a stored block.
kernel = local(b"k", MORE, 8)
quoted = struct.pack("<BHH", 0, len(kernel[:31]), len(kernel[:31]) ^ 0xFFFF) + kernel[:31] + raw(MORE)
first = local(b"q", kernel[:31] + MORE, 8, body=quoted)
case("overlapping members", hand_zip([first], [central(b"q", kernel[:31] + MORE, 0, 8, packed=len(quoted)), central(b"k", MORE, 36, 8)]),
     [ZIP, f"0 q deflate {len(quoted)}/911", "0 opens zip at 0", f"1 q > k deflate {len(raw(MORE))}/880", "1 damaged: the packed bytes cannot be unpacked",
      "- damaged: the archive ends without its central directory", whole(0, kernel[:31] + MORE, "zip"), "- finding: k shares its bytes with another member"])

# ZIP: damage

sound = make_zip(("a.txt", HELLO), ("b", MORE))
case("cut in a member", sound[:40], [ZIP, "0 a.txt " + sizes(HELLO), "0 damaged: the archive ends in the middle"])
case("cut in a header", sound[:20], [ZIP, "- damaged: the archive ends in the middle"])
case("cut before the directory", hand_zip(two, listed)[:948], seen + ["- damaged: the archive ends without its central directory"])
case("a wrong checksum", hand_zip([local(b"a", HELLO, crc=5)], [central(b"a", HELLO, 0, crc=5)]),
     [ZIP, "0 a stored 6/6", "0 damaged: the checksum differs", whole(0, HELLO)])
case("a wrong size", hand_zip([local(b"a", HELLO, 8, unpacked=9)], [central(b"a", HELLO, 0, 8, unpacked=9)]),
     [ZIP, f"0 a deflate {len(raw(HELLO))}/9", "0 damaged: it has 6 bytes and should have 9", whole(0, HELLO)])
case("no DEFLATE, and the next member", hand_zip([local(b"a", HELLO, 8, body=b"\xff" * 9), two[1]],
     [central(b"a", HELLO, 0, 8, packed=9), central(b"b", MORE, 40)]),
     [ZIP, "0 a deflate 9/6", "0 damaged: the packed bytes cannot be unpacked", "1 b stored 880/880", whole(1, MORE)])
case("no DEFLATE and no length, and the next member", hand_zip([local(b"a", HELLO, 8, 8, packed=0, unpacked=0, body=b"\xff" * 9), two[1]],
     [central(b"a", HELLO, 0, 8, 8, packed=9), central(b"b", MORE, 40)]),
     [ZIP, "0 a deflate ?/?", "0 damaged: the packed bytes cannot be unpacked", "1 b stored 880/880", whole(1, MORE)])
case("packed bytes end before their length", hand_zip([local(b"a", HELLO, 8, body=raw(HELLO) + b"1234")],
     [central(b"a", HELLO, 0, 8, packed=len(raw(HELLO)) + 4)]),
     [ZIP, f"0 a deflate {len(raw(HELLO)) + 4}/6", "0 damaged: 4 bytes are left behind the end of the packed data", whole(0, HELLO)])
case("packed bytes end after their length", hand_zip([local(b"a", MORE, 8, body=raw(MORE)[:20])], [central(b"a", MORE, 0, 8, packed=20)]),
     [ZIP, "0 a deflate 20/880", "0 damaged: the packed bytes cannot be unpacked"])
case("a wrong data descriptor", hand_zip([local(b"a", HELLO, 8, 8, 0, 0, 0) + struct.pack("<4s3I", b"PK\7\x08", 1, 2, 3)],
     [central(b"a", HELLO, 0, 8, 8)]), [ZIP, "0 a deflate ?/?", "0 damaged: the data descriptor is not right", whole(0, HELLO)])

# gzip


def make_gzip(data, name=""):
    file = io.BytesIO()
    with gzip.GzipFile(name, "wb", 9, file, 0) as packed:
        packed.write(data)
    return file.getvalue()


case("gzip with a name", make_gzip(HELLO, "a.txt"), [GZIP, "0 a.txt deflate ?/?", whole(0, HELLO)])
case("gzip without a name", make_gzip(HELLO), [GZIP, "0  deflate ?/?", whole(0, HELLO)])
case("gzip of nothing", make_gzip(b""), [GZIP, "0  deflate ?/?", whole(0, b"", "empty")])
case("gzip of several members is one content", make_gzip(HELLO, "a") + make_gzip(MORE, "b"), [GZIP, "0 a deflate ?/?", whole(0, HELLO + MORE)])
full = b"\x1f\x8b\x08\x1e\0\0\0\0\0\3" + b"\4\0abcd" + "größe\0".encode("latin-1") + b"comment\0" + b"\0\0"
tail = raw(HELLO) + struct.pack("<2I", zlib.crc32(HELLO), 6)
case("gzip with every field", full + tail, [GZIP, "0 größe deflate ?/?", whole(0, HELLO)])
case("gzip with zeros behind", make_gzip(HELLO) + bytes(100), [GZIP, "0  deflate ?/?", whole(0, HELLO)])
case("gzip with rubbish behind", make_gzip(HELLO) + b"x" * 100, [GZIP, "0  deflate ?/?", whole(0, HELLO), "- finding: 100 bytes stand behind the end"])
case("gzip with a byte behind", make_gzip(HELLO) + b"x", [GZIP, "0  deflate ?/?", whole(0, HELLO), "- finding: 1 bytes stand behind the end"])
case("gzip with a wrong checksum", make_gzip(HELLO)[:-8] + bytes(4) + struct.pack("<I", 6), [GZIP, "0  deflate ?/?", "0 damaged: the checksum differs", whole(0, HELLO)])
case("gzip with a wrong length", make_gzip(HELLO)[:-4] + bytes(4), [GZIP, "0  deflate ?/?", "0 damaged: it has 6 bytes and should have 0", whole(0, HELLO)])
case("gzip cut off", make_gzip(MORE)[:-9], [GZIP, "0  deflate ?/?", "0 damaged: the archive ends in the middle"])
case("gzip cut off in its header", full[:17], [GZIP, "- damaged: the archive ends in the middle"])
case("gzip with a path for a name", make_gzip(HELLO)[:3] + b"\x08" + make_gzip(HELLO)[4:10] + b"../../a\0" + make_gzip(HELLO)[10:],
     [GZIP, "0 ../../a deflate ?/? traversal", whole(0, HELLO)])

# tar


def make_tar(*members, form=tarfile.USTAR_FORMAT, **how):
    """(name, bytes[, fields]) each."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form, bufsize=512, **how) as archive:
        for name, data, *fields in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            for key, value in (fields[0] if fields else {}).items():
                setattr(entry, key, value)
            archive.addfile(entry, io.BytesIO(data))
    # What tarfile pads to whole records of 20 blocks is left out.
    return file.getvalue().rstrip(b"\0").ljust(-(-len(file.getvalue().rstrip(b"\0")) // 512) * 512, b"\0") + bytes(1024)


long = "d/" * 60 + "x" * 120
for form, about in [(tarfile.USTAR_FORMAT, "ustar"), (tarfile.GNU_FORMAT, "GNU tar"), (tarfile.PAX_FORMAT, "pax")]:
    case(about, make_tar(("a.txt", HELLO), ("b", MORE), form=form), [TAR, "0 a.txt stored 6/6", whole(0, HELLO), "1 b stored 880/880", whole(1, MORE)])
case("a name in ustar's two fields", make_tar(("d/" * 60 + "x", HELLO)), [TAR, "0 " + "d/" * 60 + "x stored 6/6", whole(0, HELLO)])
case("GNU's long name and link", make_tar((long, HELLO), ("l", b"", {"type": b"2", "linkname": long}), form=tarfile.GNU_FORMAT),
     [TAR, f"0 {long} stored 6/6", whole(0, HELLO), f"1 l -> {long} stored ?/?"])
case("pax's long name and link", make_tar((long + "ü", HELLO), ("l", b"", {"type": b"1", "linkname": long}), form=tarfile.PAX_FORMAT),
     [TAR, f"0 {long}ü stored 6/6", whole(0, HELLO), f"1 l => {long} stored ?/?"])
case("pax's size counts, not the header's", make_tar(("a", HELLO, {"pax_headers": {"size": "6"}}), ("b", HELLO), form=tarfile.PAX_FORMAT),
     [TAR, "0 a stored 6/6", whole(0, HELLO), "1 b stored 6/6", whole(1, HELLO)])
case("a global pax header", make_tar(("a", HELLO), form=tarfile.PAX_FORMAT, pax_headers={"comment": "0123456789abcdef"}), [TAR, "0 a stored 6/6", whole(0, HELLO)])
case("links, a directory, a device and a pipe", make_tar(
    ("d", b"", {"type": b"5"}), ("s", b"", {"type": b"2", "linkname": "../../etc/passwd"}), ("h", b"", {"type": b"1", "linkname": "/a"}),
    ("c", b"", {"type": b"3"}), ("b", b"", {"type": b"4"}), ("p", b"", {"type": b"6"})),
    [TAR, "0 d/ directory stored ?/?", "1 s -> ../../etc/passwd stored ?/? traversal", "2 h => /a stored ?/? absolute",
     "3 c device stored ?/?", "4 b device stored ?/?", "5 p device stored ?/?"])
case("a path that leaves the folder", make_tar(("../a", HELLO), ("/b", HELLO)),
     [TAR, "0 ../a stored 6/6 traversal", whole(0, HELLO), "1 /b stored 6/6 absolute", whole(1, HELLO)])
case("one name twice", make_tar(("a", HELLO), ("a", MORE)),
     [TAR, "0 a stored 6/6", whole(0, HELLO), "1 a stored 880/880", "1 finding: another member has the same name", whole(1, MORE)])


def checked(block):
    block = bytearray(block)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


plain = make_tar(("a", HELLO))
case("a size in base 256", checked(plain[:124] + b"\x80" + (6).to_bytes(11, "big") + plain[136:512]) + plain[512:], [TAR, "0 a stored 6/6", whole(0, HELLO)])
case("a size below zero", checked(plain[:124] + b"\xff" * 12 + plain[136:512]) + plain[512:], [TAR, "- damaged: there is no valid header here"])
case("the oldest form, without a magic", checked(plain[:257] + bytes(255)) + plain[512:], [TAR, "0 a stored 6/6", whole(0, HELLO)])
case("without the empty blocks", plain[:1024], [TAR, "0 a stored 6/6", whole(0, HELLO)])
case("padded to a record", plain + bytes(8192), [TAR, "0 a stored 6/6", whole(0, HELLO)])
case("cut in a member", plain[:515], [TAR, "0 a stored 6/6", "0 damaged: the archive ends in the middle"])
case("a damaged header between two", plain[:1024] + b"?" * 512 + plain, [TAR, "0 a stored 6/6", whole(0, HELLO), "- damaged: there is no valid header here",
     "1 a stored 6/6", "1 finding: another member has the same name", whole(1, HELLO)])
case("two archives, one behind the other", plain + make_tar(("b", MORE)),
     [TAR, "0 a stored 6/6", whole(0, HELLO), "- finding: another archive stands behind the end", "1 b stored 880/880", whole(1, MORE)])
case("rubbish behind the end", plain + b"x" * 700, [TAR, "0 a stored 6/6", whole(0, HELLO), "- finding: 700 bytes stand behind the end"])
sparse = bytearray(plain[:512])
sparse[156:157] = b"S"
case("GNU's sparse file", checked(bytes(sparse)) + plain[512:], [TAR, "0 a sparse 6/?", "0 unsupported sparse"])
case("pax's sparse file", make_tar(("GNUSparseFile.0/a", HELLO, {"pax_headers": {"GNU.sparse.major": "1", "GNU.sparse.name": "a"}}), form=tarfile.PAX_FORMAT),
     [TAR, "0 a sparse 6/?", "0 unsupported sparse"])
pax = make_tar((long, HELLO), form=tarfile.PAX_FORMAT)
at = pax.index(b" path=")
case("a malformed pax record", pax[:at - 3] + b"xxx" + pax[at:], [TAR, "- damaged: a pax record is malformed", f"0 {long[:100]} stored 6/6", whole(0, HELLO)])

# One in another

case("tar in gzip", make_gzip(plain, "a.tar"), [GZIP, "0 a.tar deflate ?/?", "0 opens tar at 0", "1 a.tar > a stored 6/6", whole(1, HELLO), whole(0, plain, "tar")])
inner = make_zip(("b.txt", HELLO))
case("ZIP in ZIP", make_zip(("a.zip", inner)), [ZIP, "0 a.zip " + sizes(inner), "0 opens zip at 0", "1 a.zip > b.txt " + sizes(HELLO), whole(1, HELLO), whole(0, inner, "zip")])
case("ZIP behind a picture, in tar", make_tar(("a.gif", b"GIF89a" + bytes(600) + inner)),
     [TAR, f"0 a.gif stored {606 + len(inner)}/{606 + len(inner)}", "0 opens zip at 606", "1 a.gif > b.txt " + sizes(HELLO), whole(1, HELLO),
      whole(0, b"GIF89a" + bytes(600) + inner, "gif")])
case("nothing that is an archive", b"just a text with PK in it, and PK\3\4 too" * 30, [])
case("no bytes at all", b"", [])

# Limits

deep = HELLO
for _ in range(4):
    deep = make_gzip(deep)
layers = [deep]
for _ in range(4):
    layers.append(gzip.decompress(layers[-1]))
case("too deep", deep, [GZIP, "0  deflate ?/?", "0 opens gzip at 0", "1  >  deflate ?/?", "1 limit depth", whole(1, layers[2], "gzip"), whole(0, layers[1], "gzip")], depth=2)
many = make_zip(*((f"{n}", b"", STORED) for n in range(6)))
case("too many members", many, [ZIP, "0 0 stored 0/0", whole(0, b"", "empty"), "1 1 stored 0/0", whole(1, b"", "empty"), "- limit members"], members=2)
case("too many entries", hand_zip([], [central(b"x", b"", 0)] * 4), [], members=2)
case("too many bytes in all", hand_zip(two, listed), [ZIP, "0 a stored 6/6", whole(0, HELLO), "1 b stored 880/880", "1 limit unpacked"], unpacked=500)
case("as many bytes as are allowed", hand_zip(two, listed), seen, unpacked=886, member=880)
case("too many bytes in one member", hand_zip([two[1], two[0]], [central(b"b", MORE, 0), central(b"a", HELLO, len(two[1]))]),
     [ZIP, "0 b stored 880/880", "0 limit member", "1 a stored 6/6", whole(1, HELLO)], member=500)
case("too many bytes in one member of unknown length", make_piped(("b", MORE, DEFLATED), ("a", HELLO, DEFLATED)),
     [ZIP, "0 b deflate ?/?", "0 limit member", "1 a deflate ?/?", whole(1, HELLO)], member=500)
bomb = bytes(6_000_000)
case("a bomb", make_zip(("bomb", bomb), ("a", HELLO)), [ZIP, "0 bomb " + sizes(bomb), "0 limit ratio", "1 a " + sizes(HELLO), whole(1, HELLO)])
case("a bomb in gzip", make_gzip(bomb), [GZIP, "0  deflate ?/?", "0 limit ratio"])
halves = [make_zip((f"{n}", MORE)) for n in range(3)]
case("a nested bomb: each depth has its own sum", make_zip(*((f"{n}.zip", half) for n, half in enumerate(halves))),
     [ZIP, "0 0.zip " + sizes(halves[0]), "0 opens zip at 0", "1 0.zip > 0 " + sizes(MORE), whole(1, MORE), whole(0, halves[0], "zip"),
      "2 1.zip " + sizes(halves[1]), "2 opens zip at 0", "3 1.zip > 1 " + sizes(MORE), "3 limit unpacked"], unpacked=1000)

print('{"about": "Members of archives, made by tests/cases/archives.py, which tells how to read a line.", "cases": [')
print(",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in cases))
print("]}")
