// Documents that run code, or load it from elsewhere, when they are opened.

rule Office_Macro_Auto_Run : office macro
{
    meta:
        author = "Quorum"
        description = "Office document whose macro runs on opening and starts a program or fetches one"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        label = "Trojan.Office.Macro"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $project = "_VBA_PROJECT" wide

        // Names stand in the clear in the compiled macro, whatever was done to its source.
        $auto_1 = "AutoOpen" nocase
        $auto_2 = "Auto_Open" nocase
        $auto_3 = "AutoExec" nocase fullword
        $auto_4 = "Document_Open" nocase
        $auto_5 = "Workbook_Open" nocase

        $run_1 = "WScript.Shell" nocase
        $run_2 = "Shell.Application" nocase
        $run_3 = "ShellExecute" nocase
        $run_4 = "URLDownloadToFile" nocase
        $run_5 = "Win32_Process" nocase

        $what_1 = "powershell" nocase
        $what_2 = /cmd(\.exe)?\s+\/c/i
        $what_3 = "mshta" nocase
        $what_4 = "rundll32" nocase
        $what_5 = "regsvr32" nocase
        $what_6 = /https?:\/\/[^\s"']{3,100}\.(exe|dll|hta|ps1|vbs|bat|msi|scr)/i

    condition:
        uint32(0) == 0xe011cfd0 and uint32(4) == 0xe11ab1a1 and filesize < 24MB and
        $project and any of ($auto_*) and any of ($run_*) and any of ($what_*)
}

rule Office_Remote_Template : office
{
    meta:
        author = "Quorum"
        description = "Word settings that load the document's template from the web, where macros can wait"
        reference = "https://attack.mitre.org/techniques/T1221/"
        label = "Downloader.Office.RemoteTemplate"
        severity = "suspicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $relationships = "http://schemas.openxmlformats.org/package/2006/relationships"
        $template_first = /<Relationship\s[^>]{0,200}\/relationships\/attachedTemplate"[^>]{0,100}Target="https?:\/\/[^"]{4,400}"/i
        $target_first = /<Relationship\s[^>]{0,100}Target="https?:\/\/[^"]{4,400}"[^>]{0,100}\/relationships\/attachedTemplate"/i
        $external = /TargetMode\s*=\s*"External"/i

    condition:
        // The part by itself, a flat document, or an archive that stores it uncompressed.
        filesize < 24MB and $relationships and $external and any of ($template_first, $target_first) and
        (uint32(0) == 0x04034b50 or uint8(0) == 0x3c or uint32(0) == 0x3cbfbbef)
}

rule Rtf_Equation_Exploit : office exploit
{
    meta:
        author = "Quorum"
        description = "RTF with an object for the old Equation Editor, loaded without a click"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2017-11882"
        label = "Exploit.RTF.CVE-2017-11882"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $data = "\\objdata" nocase
        $update = "\\objupdate" nocase
        // "Equation.3" and the class id 0002CE02-0000-0000-C000-000000000046, as RTF writes bytes.
        $name = "4571756174696f6e2e33" nocase
        $class = "02ce020000000000c000000000000046" nocase

    condition:
        // Word asks for no more than these four letters.
        uint32be(0) == 0x7b5c7274 and filesize < 8MB and $data and ($class or ($name and $update))
}
