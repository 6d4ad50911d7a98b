// Linux programs.

import "elf"

rule Elf_Coin_Miner : miner
{
    meta:
        author = "Quorum"
        description = "Linux program that mines Monero for a pool"
        reference = "https://attack.mitre.org/techniques/T1496/"
        label = "CoinMiner.ELF"
        severity = "suspicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        $stratum = /stratum\+(tcp|ssl|tls):\/\//
        $word_1 = "xmrig" nocase
        $word_2 = "donate-level"
        $word_3 = "randomx" nocase
        $word_4 = "cryptonight" nocase
        $word_5 = "nicehash" nocase
        $word_6 = "rig-id"
        $word_7 = "hashrate" nocase
        $pool_1 = "supportxmr.com"
        $pool_2 = "minexmr.com"
        $pool_3 = "nanopool.org"
        $pool_4 = "hashvault.pro"
        $pool_5 = "moneroocean.stream"
        $pool_6 = "c3pool.com"

    condition:
        uint32(0) == 0x464c457f and elf.machine > 0 and filesize < 48MB and $stratum and
        (4 of ($word_*) or (any of ($pool_*) and 2 of ($word_*)))
}
