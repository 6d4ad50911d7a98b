// Programs that collect passwords from browsers and wallets.

import "pe"

rule Stealer_Browser_Credentials : stealer
{
    meta:
        author = "Quorum"
        description = "Windows program that reads the password stores of several browsers, and wallets or chat tokens"
        reference = "https://attack.mitre.org/techniques/T1555/003/"
        label = "Stealer.PE.Browser"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $query = "SELECT origin_url, username_value, password_value FROM logins" ascii wide nocase
        $login_data = "Login Data" ascii wide fullword
        $key = "encrypted_key" ascii wide fullword
        $unprotect = "CryptUnprotectData" ascii wide

        $chrome = "\\Google\\Chrome\\User Data" ascii wide nocase
        $edge = "\\Microsoft\\Edge\\User Data" ascii wide nocase
        $brave = "\\BraveSoftware\\Brave-Browser\\User Data" ascii wide nocase
        $opera = "\\Opera Software\\Opera Stable" ascii wide nocase
        $yandex = "\\Yandex\\YandexBrowser\\User Data" ascii wide nocase
        $firefox = "logins.json" ascii wide fullword

        $wallet = "wallet.dat" ascii wide nocase
        $exodus = "\\Exodus\\exodus.wallet" ascii wide nocase
        $electrum = "\\Electrum\\wallets" ascii wide nocase
        $discord = "\\discord\\Local Storage\\leveldb" ascii wide nocase
        $telegram = "\\Telegram Desktop\\tdata" ascii wide nocase

    condition:
        pe.is_pe and filesize < 24MB and not pe.is_signed and
        2 of ($query, $login_data, $key, $unprotect) and
        2 of ($chrome, $edge, $brave, $opera, $yandex, $firefox) and
        // Importers of other browsers' passwords stop before this line.
        any of ($wallet, $exodus, $electrum, $discord, $telegram)
}
