// The file that every scanner is asked to find: proof that the chain from upload to verdict works.

rule Eicar_Test_File : test
{
    meta:
        author = "Quorum"
        description = "EICAR's standard test file for antivirus software: harmless by design"
        reference = "https://www.eicar.org/download-anti-malware-testfile/"
        label = "EICAR-Test-File"
        severity = "malicious"
        date = "2026-11-24"
        license = "Apache-2.0"

    strings:
        // In two halves, so that this file is not taken for the test file itself.
        $head = "X5O!P%@AP[4\\PZX54(P^)7CC)7}"
        $tail = "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

    condition:
        // EICAR allows white space after its 68 bytes, up to 128 in all.
        filesize >= 68 and filesize <= 128 and $head at 0 and $tail at 27
}
