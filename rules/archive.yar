// Containers whose list of names gives them away, unopened.

import "zip"

rule Zip_Double_Extension : archive
{
    meta:
        author = "Quorum"
        description = "Small archive with a program or script that is named like a document"
        reference = "https://attack.mitre.org/techniques/T1036/007/"
        label = "Trojan.Archive.DoubleExtension"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    condition:
        zip.is_zip and filesize < 64MB and
        // Libraries hold names such as table.csv.js, among many others.
        zip.entries.len() <= 8 and
        for any entry in zip.entries : (
            entry.file_path matches /\.(pdf|docx?|xlsx?|pptx?|rtf|txt|jpe?g|png|gif|mp[34]|avi)[ _.]*\.(exe|scr|com|pif|bat|cmd|vb[es]|jse?|ws[fh]|hta|lnk|ps1|cpl|msi|jar)$/i
        )
}

rule Iso_Shortcut_And_Program : archive
{
    meta:
        author = "Quorum"
        description = "Small disk image that holds a shortcut and something to run: what is inside does not carry the mark of the web"
        reference = "https://attack.mitre.org/techniques/T1553/005/"
        label = "Trojan.ISO.Shortcut"
        severity = "suspicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        // A shortcut's header and class id, and the name of a program in ISO 9660 or in Joliet.
        $shortcut = { 4C 00 00 00 01 14 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
        $program = /[A-Z0-9_]{1,30}\.(DLL|EXE|JS|BAT|CMD|VBS|PS1|WSF|HTA)(;1)?/ ascii wide nocase

    condition:
        filesize > 34KB and filesize < 64MB and
        uint32be(0x8001) == 0x43443030 and uint8(0x8005) == 0x31 and
        // Files begin at sectors of 2,048 bytes.
        for any i in (1..64) : (@shortcut[i] % 2048 == 0) and
        // Names stand in the directories, near the start.
        $program in (0x8800..0x20000)
}
