// PowerShell that fetches and runs in a hidden window, or switches the antivirus interface off.

rule PowerShell_Hidden_Cradle : powershell downloader
{
    meta:
        author = "Quorum"
        description = "A hidden PowerShell that downloads text or code and runs it without a file"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
        label = "Downloader.PowerShell.Cradle"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $hidden = /-w(in|indow|indowstyle)?\s+(1|h|hid|hidden)\b/i

        $fetch_string = ".DownloadString(" nocase
        $fetch_data = ".DownloadData(" nocase
        $fetch_iwr = "Invoke-WebRequest" nocase
        $fetch_irm = "Invoke-RestMethod" nocase

        $run_iex = /\biex[ (]/i
        $run_pipe = /\|\s*iex\b/i
        $run_invoke = "Invoke-Expression" nocase
        $run_load = "Assembly]::Load(" nocase

    condition:
        filesize < 256KB and uint16(0) != 0x5a4d and
        // One command line: the instructions of honest installers show no hidden window.
        for any i in (1..64) : (
            any of ($fetch_*) in (@hidden[i]..@hidden[i] + 600) and
            any of ($run_*) in (@hidden[i]..@hidden[i] + 600)
        )
}

rule PowerShell_Amsi_Bypass : powershell evasion
{
    meta:
        author = "Quorum"
        description = "Script that keeps the Antimalware Scan Interface from seeing what runs next"
        reference = "https://learn.microsoft.com/en-us/windows/win32/amsi/antimalware-scan-interface-portal"
        label = "HackTool.PowerShell.AmsiBypass"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $utils = "System.Management.Automation.AmsiUtils" nocase
        $failed = "amsiInitFailed" nocase
        $non_public = "NonPublic,Static" nocase
        $set = ".SetValue(" nocase

        $scan_buffer = "AmsiScanBuffer" nocase
        $protect = "VirtualProtect" nocase
        $address = "GetProcAddress" nocase
        // mov eax, 0x80070057 (E_INVALIDARG); ret
        $patch = /0xB8\s*,\s*0x57\s*,\s*0x00\s*,\s*0x07\s*,\s*0x80\s*,\s*0xC3/i

    condition:
        filesize < 1MB and uint16(0) != 0x5a4d and
        (
            ($utils and $failed and $non_public and $set) or
            ($scan_buffer and $protect and $address and $patch)
        )
}
