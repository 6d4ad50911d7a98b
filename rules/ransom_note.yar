// The letter that ransomware leaves beside the files.

rule Ransom_Note : ransomware
{
    meta:
        author = "Quorum"
        description = "Short text that says the files are encrypted, names a price or a way to pay, threatens, and gives a hidden contact"
        reference = "https://attack.mitre.org/techniques/T1486/"
        label = "Ransom.Note"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $encrypted = /(your|all)\s+(\w+\s+){0,4}(files|documents|data|servers|network|databases)\b[^.!]{0,80}\b(encrypted|locked)\b/i
        $decrypt = /\b(decryptor|decryption (tool|key|software|program)|private key|restore your (files|data)|recover your (files|data)|decrypt your (files|data))\b/i

        $pay_1 = /\b(bitcoins?|btc|monero|xmr)\b/i
        $pay_2 = /\b(pay|payment|ransom|price)\b/i

        $threat_1 = /do not (try|attempt|rename|modify|use third|contact the police|call the police|shut ?down|delete)/i
        $threat_2 = /don['\x92]?t (try|attempt|rename|modify|use third|contact the police|delete)/i
        $threat_3 = /\b(will be (published|leaked|sold|deleted|lost)|permanently (lost|deleted)|stolen)\b/i

        $contact_1 = /\b[a-z2-7]{56}\.onion\b/i
        $contact_2 = /\b[a-z2-7]{16}\.onion\b/i
        $contact_3 = /\b(tox id|qtox|tor browser)\b/i
        $contact_4 = /[a-z0-9._-]{2,40}@(proton\.me|protonmail\.com|tuta\.io|tutanota\.com|onionmail\.org|cock\.li|mailfence\.com|airmail\.cc|aol\.com)\b/i

    condition:
        filesize < 24KB and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f and
        $encrypted and $decrypt and any of ($pay_*) and any of ($threat_*) and any of ($contact_*)
}
