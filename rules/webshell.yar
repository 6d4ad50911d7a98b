// Pages on a server that run what a request brings.

rule Webshell_Php_Request : webshell php
{
    meta:
        author = "Quorum"
        description = "PHP that runs code or commands straight out of the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        label = "Webshell.PHP.Request"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $php = /<\?(php|=)?\s/i
        $run = /\b(eval|assert|system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec)\s*\(\s*@?(\s*(base64_decode|gzinflate|gzuncompress|str_rot13|strrev|hex2bin|stripslashes|urldecode|trim)\s*\(\s*@?){0,4}\s*\$_(POST|GET|REQUEST|COOKIE|FILES)\s*\[/i
        $called = /\$_(POST|GET|REQUEST|COOKIE)\s*\[[^\]]{1,40}\]\s*\(\s*@?\$_(POST|GET|REQUEST|COOKIE)\s*\[/i

    condition:
        filesize < 1MB and $php in (0..2048) and ($run or $called)
}

rule Webshell_Php_Packed : webshell php
{
    meta:
        author = "Quorum"
        description = "PHP that unpacks a long compressed text and runs it"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        label = "Webshell.PHP.Packed"
        severity = "suspicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $php = /<\?(php|=)?\s/i
        $unpack = /\b(eval|assert)\s*\(\s*@?((str_rot13|strrev)\s*\(\s*){0,2}gz(inflate|uncompress)\s*\(\s*((str_rot13|strrev)\s*\(\s*){0,2}base64_decode\s*\(\s*((str_rot13|strrev)\s*\(\s*)?["'][a-z0-9+\/=]{200}/i

    condition:
        filesize < 2MB and $php in (0..2048) and $unpack
}

rule Webshell_Jsp_Exec : webshell jsp
{
    meta:
        author = "Quorum"
        description = "JSP that starts a process with a parameter of the request, or loads a class from it"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        label = "Webshell.JSP.Exec"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $jsp = "<%"
        $parameter = /request\.(getParameter|getReader|getInputStream|getHeader)\s*\(/
        $exec = /Runtime\.getRuntime\s*\(\s*\)\s*\.exec\s*\(/
        $builder = /new\s+(java\.lang\.)?ProcessBuilder\s*\(/
        $output = "getInputStream"
        $class = /extends\s+ClassLoader/
        $define = /\bdefineClass\s*\(/
        $instance = ".newInstance()"

    condition:
        filesize < 256KB and $jsp in (0..4096) and $parameter and
        ((($exec or $builder) and $output) or ($class and $define and $instance))
}

rule Webshell_Aspx_Exec : webshell aspx
{
    meta:
        author = "Quorum"
        description = "ASP.NET page that evaluates the request or starts a process with it"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        label = "Webshell.ASPX.Exec"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $page = /<%@\s*(Page|WebHandler|WebService)\b/i
        $eval = /\beval\s*\(\s*(System\.Text\.Encoding\.[^;]{0,100})?Request\s*[.\[(]/i
        $request = /\bRequest(\.(Form|QueryString|Params|Item|Headers))?\s*\[/i
        $start_info = "ProcessStartInfo" nocase
        $start = "Process.Start(" nocase
        $cmd = /["']?(cmd\.exe|powershell(\.exe)?)["']/i
        $redirect = "RedirectStandardOutput" nocase

    condition:
        filesize < 256KB and $page in (0..4096) and
        ($eval or ($request and $cmd and $redirect and ($start_info or $start)))
}
