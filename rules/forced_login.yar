// Small Windows files that make the Explorer sign in to a stranger's machine as soon as a folder is shown.

rule Shortcut_Leaks_Login : ntlm
{
    meta:
        author = "Quorum"
        description = "Explorer file whose icon or target lies on another machine, which is sent the user's login when it is shown"
        reference = "https://attack.mitre.org/techniques/T1187/"
        label = "Trojan.Shortcut.NtlmLeak"
        severity = "suspicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $scf = /\[Shell\]\s/i
        $url = /\[InternetShortcut(\.[AW])?\]\s/i
        $folder = /\[\.ShellClassInfo\]\s/i
        $icon = /[\r\n]\s*Icon(File|Resource)\s*=\s*(file:)?[\\\/]{2}[a-z0-9%][a-z0-9.%@-]{2,100}[\\\/]/i
        $target = /[\r\n]\s*URL\s*=\s*(file:)?[\\\/]{2,4}[a-z0-9][a-z0-9.@-]{2,100}[\\\/]/i

    condition:
        filesize < 16KB and
        ((any of ($scf, $url, $folder) in (0..64) and $icon) or ($url in (0..64) and $target))
}
