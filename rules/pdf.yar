// PDF documents that start programs or run scripts on opening.

rule Pdf_Launch_Program : pdf
{
    meta:
        author = "Quorum"
        description = "PDF with an action that starts a program or an interpreter"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        label = "Trojan.PDF.Launch"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $magic = "%PDF-"
        $launch = /\/S\s{0,8}\/Launch\b/
        $program = /\/(F|P)\s{0,8}\([^)]{0,400}(cmd(\.exe)?\b|powershell|mshta|wscript|cscript|rundll32|regsvr32|\.(exe|bat|vbs|js|hta|scr|ps1)\b)/i

    condition:
        filesize < 24MB and $magic in (0..1024) and
        for any i in (1..64) : ($program in (@launch[i]..@launch[i] + 1024))
}

rule Pdf_Script_On_Open : pdf exploit
{
    meta:
        author = "Quorum"
        description = "PDF that runs JavaScript on opening with the calls that exploits and droppers use"
        reference = "https://attack.mitre.org/techniques/T1203/"
        label = "Exploit.PDF.JavaScript"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $magic = "%PDF-"
        $open = "/OpenAction"
        $additional = /\/AA\s{0,8}<</
        $script = /\/S\s{0,8}\/JavaScript\b/
        $js = /\/JS\b/

        $launch_1 = /exportDataObject\s*\(\s*\{[^}]{0,200}nLaunch\s*:\s*2/
        $exploit_1 = "Collab.collectEmailInfo"
        $exploit_2 = "Collab.getIcon"
        $exploit_3 = "media.newPlayer(null)"
        $exploit_4 = /util\.printf\s*\(\s*["']%4500/
        $spray = /unescape\s*\(\s*["']%u[0-9a-f]{4}%u[0-9a-f]{4}/i

    condition:
        filesize < 24MB and $magic in (0..1024) and ($open or $additional) and $script and $js and
        ($launch_1 or $spray or any of ($exploit_*))
}
