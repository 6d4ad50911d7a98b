// Windows shortcuts that start an interpreter instead of opening something. The arguments are read by the
// lnk module, so text elsewhere in the file cannot be mistaken for them.

import "lnk"

rule Lnk_PowerShell_Hidden : lnk powershell
{
    meta:
        author = "Quorum"
        description = "Shortcut that starts PowerShell with an encoded command, or hidden with something to fetch or run"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
        label = "Trojan.LNK.PowerShell"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $powershell = "powershell" ascii wide nocase
        $pwsh = "pwsh" ascii wide nocase

    condition:
        lnk.is_lnk and filesize < 4MB and any of them and
        (
            lnk.cmd_line_args matches /[-\/]e(c|nc|ncodedcommand)?\s+["']?[a-z0-9+\/]{40}/i or
            (
                lnk.cmd_line_args matches /[-\/]w(in|indow|indowstyle)?\s+(1|h|hid|hidden)\b/i and
                lnk.cmd_line_args matches /(https?:\/\/|\biex\b|invoke-expression|frombase64string|downloadstring|downloadfile|start-bitstransfer)/i
            )
        )
}

rule Lnk_Remote_Script : lnk
{
    meta:
        author = "Quorum"
        description = "Shortcut that has a Windows tool fetch and run something from the network"
        reference = "https://attack.mitre.org/techniques/T1218/005/"
        label = "Downloader.LNK.RemoteScript"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $mshta = "mshta" ascii wide nocase
        $regsvr32 = "regsvr32" ascii wide nocase
        $certutil = "certutil" ascii wide nocase
        $bitsadmin = "bitsadmin" ascii wide nocase
        $curl = "curl" ascii wide nocase

    condition:
        lnk.is_lnk and filesize < 4MB and any of them and
        // A browser's shortcut has an address too, but starts none of these.
        lnk.cmd_line_args matches /(https?:\/\/|\\\\[a-z0-9.-]+@(ssl|\d+)\\)/i
}
