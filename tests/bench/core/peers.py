"""Runs iocextract and ioc-finder, one call for each line of JSON on standard input, and answers with a line.

{"library": name, "file": path} is timed: {"seconds": …}. {"library": name, "text": text} is read:
{"found": [[kind, value], …]}.
"""

import json
import sys
import time

import ioc_finder
import iocextract

FINDER = {
    "urls": "url", "domains": "domain", "ipv4s": "ipv4", "ipv6s": "ipv6", "md5s": "md5", "sha1s": "sha1",
    "sha256s": "sha256", "sha512s": "sha512", "email_addresses": "email", "cves": "cve",
}


def by_iocextract(text):
    kinds = [
        ("url", iocextract.extract_urls(text, refang=True)), ("ipv4", iocextract.extract_ipv4s(text, refang=True)),
        ("ipv6", iocextract.extract_ipv6s(text)), ("email", iocextract.extract_emails(text, refang=True)),
        ("md5", iocextract.extract_md5_hashes(text)), ("sha1", iocextract.extract_sha1_hashes(text)),
        ("sha256", iocextract.extract_sha256_hashes(text)), ("sha512", iocextract.extract_sha512_hashes(text)),
    ]
    return [[kind, value] for kind, values in kinds for value in values]


def by_ioc_finder(text):
    found = ioc_finder.find_iocs(text)
    return [[kind, value] for field, kind in FINDER.items() for value in found.get(field, [])]


LIBRARIES = {"iocextract": by_iocextract, "ioc-finder": by_ioc_finder}
for line in sys.stdin:
    asked = json.loads(line)
    read = LIBRARIES[asked["library"]]
    if "text" in asked:
        answer = {"found": read(asked["text"])}
    else:
        with open(asked["file"], encoding="utf-8") as file:
            text = file.read()
        start = time.perf_counter()
        read(text)
        answer = {"seconds": time.perf_counter() - start}
    print(json.dumps(answer), flush=True)
