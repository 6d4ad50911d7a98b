// Pages that are the attack themselves: opened from a mail, they build a file or ask for a password.

rule Html_Smuggling : html dropper
{
    meta:
        author = "Quorum"
        description = "Page that carries a program or an archive as text and saves it through the browser by itself"
        reference = "https://attack.mitre.org/techniques/T1027/006/"
        label = "Dropper.HTML.Smuggling"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $page = /<(html|script|body|svg)\b/i
        // MZ, ZIP, RAR and 7z, in Base64, as a quoted text.
        $payload = /["'`](TVqQ|TVpQ|TVoA|TVro|UEsDBBQ|UEsDBAo|UmFyIRo|N3q8ryc)[A-Za-z0-9+\/]{120}/
        $decode = /\batob\s*\(/
        $blob = /new\s+Blob\s*\(/

        $save_old = "msSaveOrOpenBlob"
        $url = "createObjectURL"
        $name = /\.download\s*=/
        $name_set = /setAttribute\s*\(\s*["']download["']/
        $click = /\.click\s*\(\s*\)/

    condition:
        filesize < 24MB and $page in (0..4096) and $payload and $decode and $blob and
        ($save_old or ($url and ($name or $name_set) and $click))
}

rule Html_Brand_Login_Form : html phishing
{
    meta:
        author = "Quorum"
        description = "Login page in a well-known brand's name that sends the password to somebody's PHP script or chat bot"
        reference = "https://attack.mitre.org/techniques/T1566/002/"
        label = "Phishing.HTML.LoginForm"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $brand = /<title>[^<]{0,60}\b(Microsoft|Office ?365|Outlook|OneDrive|SharePoint|PayPal|DocuSign|Adobe|Apple ID|iCloud|Amazon|Netflix|Facebook|Instagram|LinkedIn|DHL|FedEx|Coinbase|Binance|MetaMask|WeTransfer|Dropbox)\b/i
        $password = /<input\b[^>]{0,200}type\s*=\s*["']?password/i
        $php = /<form\b[^>]{0,300}action\s*=\s*["'](https?:\/\/[^"'\/]{3,100}\/)?[^"'?]{0,200}\.php["'?]/i
        $bot = /api\.telegram\.org\/bot[0-9]{6,12}:/

        // Pictures borrowed from the brand, or an address of the victim handed over in the link.
        $borrowed = /(src|href)\s*=\s*["']https:\/\/([a-z0-9-]+\.)*(msftauth\.net|msauth\.net|paypalobjects\.com|docusign\.net|cdn-apple\.com|media-amazon\.com|nflxext\.com|fbcdn\.net|licdn\.com|clearbit\.com)\//i
        $victim = /(atob|decodeURIComponent)\s*\(\s*(window\.)?location\.(hash|search)/
        $victim_split = /location\.(hash|href)\.split\s*\(\s*["']#/

    condition:
        filesize < 2MB and $brand and $password and ($php or $bot) and
        ($bot or $borrowed or $victim or $victim_split)
}
