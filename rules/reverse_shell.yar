// Scripts that connect out and hand the connection a shell.

rule Reverse_Shell_Unix : reverse_shell
{
    meta:
        author = "Quorum"
        description = "Shell script that gives an interactive shell to a machine on the network"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        label = "Backdoor.Shell.Reverse"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $dev_tcp = /\b(ba|z|k)?sh\s+-i\s*[0-9]?(>&|&>|>)\s*\/dev\/(tcp|udp)\/[a-z0-9.-]{3,100}\/[0-9]{2,5}/i
        $descriptor = /exec\s+[0-9]{1,3}<>\s*\/dev\/tcp\/[a-z0-9.-]{3,100}\/[0-9]{2,5}[^\n]{0,40}\n?[^\n]{0,80}\bsh\b[^\n]{0,20}<&/i
        $fifo = /mkfifo\s+(\/\S{1,60})\s*;[^\n]{0,80}\|\s*(\/bin\/)?(ba)?sh\s+-i\s+2>&1\s*\|\s*(nc|ncat|netcat|openssl|telnet)\s/
        $netcat = /\b(nc|ncat|netcat)\s+(-[a-z]+\s+)*-[a-z]*e\s+(\/usr)?\/bin\/(ba)?sh\s+[a-z0-9.-]{4,100}\s+[0-9]{2,5}/i

    condition:
        filesize < 64KB and uint32(0) != 0x464c457f and any of them
}

rule Reverse_Shell_Python : reverse_shell
{
    meta:
        author = "Quorum"
        description = "Python that connects out and makes the connection the standard streams of a shell"
        reference = "https://attack.mitre.org/techniques/T1059/006/"
        label = "Backdoor.Python.Reverse"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $socket = /\bsocket\.socket\s*\(/
        $connect = /\.connect\s*\(\s*\(/
        $dup_in = /\bos\.dup2\s*\(\s*\w{1,30}\.fileno\s*\(\s*\)\s*,\s*0\s*\)/
        $dup_out = /\bos\.dup2\s*\(\s*\w{1,30}\.fileno\s*\(\s*\)\s*,\s*1\s*\)/
        $dup_loop = /os\.dup2\s*\(\s*\w{1,30}\.fileno\s*\(\s*\)\s*,\s*\w{1,10}\s*\)\s*for\s/
        $shell = /(pty\.spawn|subprocess\.(call|run|Popen)|os\.(system|execl|execve|execvp))\s*\(\s*\[?\s*["'](\/usr)?(\/bin\/)?(ba|z)?sh["']/

    condition:
        filesize < 64KB and uint32(0) != 0x464c457f and
        $socket and $connect and $shell and ($dup_loop or ($dup_in and $dup_out))
}
