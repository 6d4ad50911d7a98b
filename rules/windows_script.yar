// Scripts for mshta, wscript, cscript and cmd.

rule Hta_Hidden_Shell : hta
{
    meta:
        author = "Quorum"
        description = "HTML application that hides its window and starts a command interpreter"
        reference = "https://attack.mitre.org/techniques/T1218/005/"
        label = "Trojan.HTA.Shell"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $application = "<hta:application" nocase
        $script = /<script[^>]{0,80}(vbscript|jscript|javascript)/i

        $shell = "WScript.Shell" nocase
        $run = /\.(Run|Exec)\s*\(?\s*["'a-z]/i

        $powershell = "powershell" nocase
        $cmd = /cmd(\.exe)?\s+\/c/i
        $regsvr32 = "regsvr32" nocase
        $rundll32 = "rundll32" nocase
        $bitsadmin = "bitsadmin" nocase
        $certutil = "certutil" nocase

        $no_taskbar = /showintaskbar\s*=\s*["']?no/i
        $minimised = /windowstate\s*=\s*["']?minimize/i
        $off_screen = /\.moveTo\s*\(?\s*-\s*\d/i
        $no_size = /\.resizeTo\s*\(?\s*[01]\s*,\s*[01]\b/i
        $closed = /(window|self)\.close/i

    condition:
        filesize < 1MB and $script and $shell and $run and
        any of ($powershell, $cmd, $regsvr32, $rundll32, $bitsadmin, $certutil) and
        (
            any of ($no_taskbar, $minimised, $off_screen, $no_size) or
            ($application and $closed)
        )
}

rule Script_Download_And_Run : downloader
{
    meta:
        author = "Quorum"
        description = "Windows script that downloads a file by HTTP, writes it to the disk and starts it"
        reference = "https://attack.mitre.org/techniques/T1059/005/"
        label = "Downloader.Script.Stream"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $stream = "ADODB.Stream" nocase
        $save = ".SaveToFile" nocase

        $http_xml = "MSXML2.XMLHTTP" nocase
        $http_server = "MSXML2.ServerXMLHTTP" nocase
        $http_old = "Microsoft.XMLHTTP" nocase
        $http_win = "WinHttp.WinHttpRequest" nocase

        $start_shell = "WScript.Shell" nocase
        $start_application = "Shell.Application" nocase

        $run = /\.(Run|Exec|ShellExecute)\b/i

    condition:
        filesize < 512KB and uint16(0) != 0x5a4d and uint32(0) != 0xe011cfd0 and
        $stream and $save and $run and any of ($http_*) and any of ($start_*)
}

rule Script_Destroys_Backups : ransomware
{
    meta:
        author = "Quorum"
        description = "Script or unsigned small program that deletes shadow copies and backups, as ransomware does before it encrypts"
        reference = "https://attack.mitre.org/techniques/T1490/"
        label = "Ransom.RecoveryInhibitor"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $shadows = /vssadmin(\.exe)?\s+delete\s+shadows/i ascii wide
        $resize = /vssadmin(\.exe)?\s+resize\s+shadowstorage/i ascii wide
        $wmic = /wmic(\.exe)?\s+shadowcopy\s+delete/i ascii wide
        $catalog = /wbadmin(\.exe)?\s+delete\s+(catalog|systemstatebackup|backup)/i ascii wide
        $recovery = /bcdedit(\.exe)?\s+\/set\s+\{?default\}?\s+recoveryenabled\s+no/i ascii wide
        $failures = /bcdedit(\.exe)?\s+\/set\s+\{?default\}?\s+bootstatuspolicy\s+ignoreallfailures/i ascii wide

    condition:
        (uint16(0) == 0x5a4d and filesize < 8MB or filesize < 64KB) and
        any of ($shadows, $resize, $wmic, $catalog) and 3 of them
}
