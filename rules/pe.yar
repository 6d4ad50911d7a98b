// Windows programs that hide what they are, or carry the few functions that take over another process.

import "math"
import "pe"

rule Pe_Known_Packer : packer
{
    meta:
        author = "Quorum"
        description = "Unsigned program with the section names of a packer and contents that are compressed or encrypted"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
        label = "Packed.PE"
        severity = "suspicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    condition:
        pe.is_pe and filesize < 32MB and not pe.is_signed and
        for any section in pe.sections : (
            section.name matches /^(UPX[0-9!]|\.?MPRESS[12]|\.aspack|\.adata|\.?themida|\.winlice|\.vmp[0-9]|\.petite|\.nsp[0-9]|FSG!|\.enigma[12]|PEC2|\.pklstb|\.MaskPE|\.yP|\.perplex)/ and
            section.raw_data_size >= 512 and
            math.entropy(section.raw_data_offset, section.raw_data_size) >= 7.0
        )
}

rule Pe_Injection_Small_Imports : injector
{
    meta:
        author = "Quorum"
        description = "Unsigned program with hardly any imports but those that write into another process and run code there"
        reference = "https://attack.mitre.org/techniques/T1055/"
        label = "Trojan.PE.Injector"
        severity = "suspicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    condition:
        pe.is_pe and filesize < 8MB and not pe.is_signed and
        // A debugger imports these too, among hundreds of others.
        pe.number_of_imported_functions <= 40 and
        pe.imports("kernel32.dll", "VirtualAllocEx") and
        pe.imports("kernel32.dll", "WriteProcessMemory") and
        (
            pe.imports("kernel32.dll", "CreateRemoteThread") or
            pe.imports("kernel32.dll", "QueueUserAPC") or
            pe.imports("kernel32.dll", "SetThreadContext")
        )
}
