//! The types: one line each, the only home of a type's words and of the endings its files bear.
//!
//! Everything is one string that is read when a type is asked for. Slices of slices would cost the
//! browser's module 16 bytes of pointers a word, more than the words themselves.

macro_rules! kinds {
    ($($kind:ident $line:literal)*) => {
        /// A line of the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
        #[repr(u8)]
        pub(in crate::digest) enum Kind { $($kind),* }

        impl Kind {
            const ALL: &[Self] = &[$(Self::$kind),*];
        }

        const TABLE: &str = concat!($($line, "\n"),*);
    };
}

// `type_tag | type_description | endings, the usual one first | type_tags without the tag itself`.
// A list of endings that begins with a space has no usual one. Tags and descriptions are
// VirusTotal's where it has published one (the enumeration `vt.FileType` of its YARA module, the
// `type:` words of its search); plain short names elsewhere.
kinds! {
    // "Unknown" owns the endings that promise nothing.
    Unknown "unknown|unknown| bin dat data raw tmp temp bak old part crdownload cache db img dmp|"
    Empty "empty|empty file||"

    PeExe "peexe|Win32 EXE|exe scr com pif dll sys drv cpl ocx efi ax mui xll pyd node|executable windows win32 pe"
    PeDll "pedll|Win32 DLL|dll ocx cpl sys drv ax mui xll pyd node exe scr efi|executable windows win32 pe"
    NeExe "neexe|Win16 EXE|exe scr com drv fon dll|executable windows win16 ne"
    NeDll "nedll|Win16 DLL|dll drv fon exe vbx cpl|executable windows win16 ne"
    Le "le|OS/2 executable or VxD|exe dll vxd 386 sys|executable windows"
    Mz "mz|DOS EXE|exe com ovl sys|executable dos"
    Coff "coff|COFF|obj o|executable"
    Elf "elf|ELF| elf so o ko bin run out mod exe appimage oat odex|executable linux"
    AppImage "elf|AppImage|appimage run|executable linux"
    MachO "macho|Mach-O| dylib o so bundle bin node|executable mac"
    Dyld "dyld|Dyld shared cache||executable mac"
    Class "java-bytecode|Java Bytecode|class|executable java"
    Wasm "wasm|WebAssembly|wasm|executable internet"
    Llvm "llvm|LLVM bitcode|bc|executable"
    Dex "dex|Android DEX|dex|executable mobile android"
    Odex "odex|Android optimised DEX|odex dex|executable mobile android"
    Apk "android|Android|apk aar|executable mobile apk"
    Aab "aab|Android App Bundle|aab|executable mobile android"
    Ipa "iphone|iOS application|ipa|executable mobile apple"
    Symbian "symbian|Symbian installer|sis sisx|executable mobile"
    Msi "msi|Windows Installer|msi msp mst msm|executable windows installer"
    Msix "msix|Windows app package|msix appx msixbundle appxbundle|executable windows installer"
    Pkg "pkg|macOS installer package|pkg mpkg xar xip|executable mac installer"
    Deb "deb|Debian package|deb udeb ipk|executable linux installer"
    Rpm "rpm|RPM|rpm srpm|executable linux installer"
    Jar "jar|JAR|jar war ear jmod xpi|compressed java"
    JavaObject "javaser|Serialized Java object|ser|java"
    Pyc "pyc|Python bytecode|pyc pyo|executable python"
    LuaCode "luac|Lua bytecode|luac lua out|executable lua"
    AutoIt "autoit|Compiled AutoIt script|a3x|executable windows"
    Kernel "krnl|Linux kernel| bzimage img efi|executable linux"
    Rom "rom|Game ROM|nes n64 z64 rom|executable"

    Lnk "lnk|Windows shortcut|lnk|windows"
    Chm "chm|Compiled HTML help|chm chw|document windows"
    Hlp "hlp|Windows help|hlp|document windows"
    Prefetch "prefetch|Windows prefetch|pf|windows"
    Evtx "evtx|Windows event log|evtx|windows"
    Hive "hive|Windows registry hive|hiv hve|windows"
    Minidump "minidump|Windows crash dump|dmp mdmp hdmp|windows"
    Pdb "pdb|Program database|pdb|windows"
    Pst "pst|Outlook mailbox|pst ost|internet windows"
    Tnef "tnef|Outlook attachment container|dat tnef|internet windows"

    Pdf "pdf|PDF|pdf ai fdf|document"
    Rtf "rtf|Rich Text Format|rtf doc|document"
    Ps "ps|PostScript|ps prn eps ai pfa|document"
    Eps "eps|Encapsulated PostScript|eps ps ai|document image"
    Ole "ole|OLE compound document| doc dot xls xlt ppt pps docx docm xlsx xlsm xlsb pptx pptm msi msp msg hwp vsd pub mpp db suo|document msoffice"
    Doc "doc|MS Word Document|doc dot|document msoffice text word"
    Xls "xls|MS Excel Spreadsheet|xls xlt xla|document msoffice spreadsheet excel"
    Ppt "ppt|MS PowerPoint Presentation|ppt pps pot|document msoffice presentation powerpoint"
    Vsd "vsd|MS Visio Drawing|vsd vss vst|document msoffice"
    Pub "pub|MS Publisher Document|pub|document msoffice"
    Docx "docx|Office Open XML Document|docx dotx docm|document msoffice text word"
    Docm "docx|Office Open XML Document with macros|docm dotm|document msoffice text word"
    Xlsx "xlsx|Office Open XML Spreadsheet|xlsx xltx xlsm|document msoffice spreadsheet excel"
    Xlsm "xlsx|Office Open XML Spreadsheet with macros|xlsm xltm xlam|document msoffice spreadsheet excel"
    Xlsb "xlsx|Excel binary workbook|xlsb|document msoffice spreadsheet excel"
    Pptx "pptx|Office Open XML Presentation|pptx potx ppsx pptm|document msoffice presentation powerpoint"
    Pptm "pptx|Office Open XML Presentation with macros|pptm potm ppsm ppam|document msoffice presentation powerpoint"
    Vsdx "vsdx|Office Open XML Drawing|vsdx vsdm|document msoffice"
    OneNote "one|OneNote|one onetoc2|document msoffice"
    Odt "odt|OpenDocument Text|odt ott odm|document opendocument text"
    Ods "ods|OpenDocument Spreadsheet|ods ots|document opendocument spreadsheet"
    Odp "odp|OpenDocument Presentation|odp otp|document opendocument presentation"
    Odg "odg|OpenDocument Graphics|odg otg|document opendocument image"
    Odf "odf|OpenDocument Formula|odf|document opendocument"
    Hwp "hwp|Hangul Word Processor Document|hwp hwpx|document"
    Wpd "wpd|WordPerfect Document|wpd wp|document"
    Epub "ebook|EPUB|epub|document ebook"
    Mobi "ebook|Mobipocket e-book|mobi azw azw3 prc pdb|document ebook"
    Djvu "djvu|DjVu|djvu djv|document image"
    Xps "xps|XPS Document|xps oxps|document"
    InDesign "indesign|Adobe InDesign|indd indt|document image"

    Zip "zip|ZIP|zip jar war ear apk aar aab ipa docx docm dotx xlsx xlsm xlsb pptx pptm ppsx vsdx odt ods odp odg odf epub xps oxps msix appx nupkg whl vsix xpi kmz 3mf cbz hwpx npz pt pth pages numbers key apks xapk jmod|compressed"
    Nupkg "nupkg|NuGet package|nupkg snupkg|compressed"
    Whl "whl|Python wheel|whl|compressed python"
    Vsix "vsix|Visual Studio extension|vsix|compressed"
    Xpi "xpi|Firefox extension|xpi|internet browser"
    Crx "crx|Chrome extension|crx|internet browser"
    SevenZip "7zip|7ZIP|7z cb7|compressed"
    Rar "rar|RAR|rar cbr r00 rev|compressed"
    Gzip "gzip|GZIP|gz tgz gzip emz wmz svgz rds|compressed"
    Bzip "bzip|BZIP2|bz2 tbz tbz2|compressed"
    Xz "xz|XZ|xz txz|compressed"
    Lzma "lzma|LZMA|lzma tlz|compressed"
    Zst "zst|Zstandard|zst tzst zstd|compressed"
    Lz4 "lz4|LZ4|lz4|compressed"
    Lzip "lzip|Lzip|lz tlz|compressed"
    Zlib "zlib|Zlib|zlib zz|compressed"
    Cab "cab|Windows cabinet|cab msu onepkg|compressed windows"
    MsCompress "mscompress|MS compress|ex_ dl_ sy_|compressed windows"
    Wim "wim|Windows imaging format|wim esd swm|compressed windows"
    Arj "arj|ARJ|arj|compressed"
    Lha "lha|LHA|lzh lha|compressed"
    Ace "ace|ACE|ace|compressed"
    Cpio "cpio|CPIO|cpio img|compressed"
    Ar "ar|UNIX archive|a lib ar|compressed"
    Tar "tar|TAR|tar gem ova|compressed"
    StuffIt "stuffit|StuffIt|stuffit sit sitx|compressed mac"

    Iso "isoimage|ISO image|iso udf img toast|compressed disk"
    Dmg "dmg|Macintosh Disk Image|dmg img|executable mac disk"
    Vhd "vhd|Virtual hard disk|vhd vpc|disk"
    Vhdx "vhdx|Virtual hard disk v2|vhdx avhdx|disk"
    Vmdk "vmdk|VMware disk|vmdk|disk"
    Qcow "qcow|QEMU disk|qcow qcow2 img|disk"
    Vdi "vdi|VirtualBox disk|vdi|disk"
    SquashFs "squashfs|SquashFS|squashfs snap img|disk linux"
    Ext "ext|Linux file system|img ext4|disk linux"
    Fat "fat|FAT or NTFS file system|img ima|disk windows"
    Mbr "mbr|Disk image with a boot sector|img bin iso|disk"

    Png "png|PNG|png apng|multimedia image"
    Jpeg "jpeg|JPEG|jpg jpeg jpe jfif|multimedia image"
    Gif "gif|GIF|gif|multimedia image"
    Webp "webp|WebP|webp|multimedia image"
    Bmp "bmp|BMP|bmp dib|multimedia image"
    Tiff "tiff|TIFF|tif tiff dng nef arw|multimedia image"
    GeoTiff "tiff|GeoTIFF|tif tiff|multimedia image"
    RawPhoto "raw|Camera raw photograph|cr2 cr3 dng orf rw2 raf|multimedia image"
    Ico "ico|Windows icon|ico|multimedia image"
    Cur "cur|Windows cursor|cur|multimedia image"
    Ani "ani|Windows animated cursor|ani|multimedia image"
    Icns "icns|Macintosh icon|icns|multimedia image"
    Psd "psd|Adobe Photoshop|psd psb|multimedia image"
    Gimp "gimp|GIMP|xcf|multimedia image"
    Heic "heic|HEIF|heic heif|multimedia image"
    Avif "avif|AVIF|avif avifs|multimedia image"
    Jxl "jxl|JPEG XL|jxl|multimedia image"
    Jp2 "jp2|JPEG 2000|jp2 j2k jpf jpx jpm j2c|multimedia image"
    Emf "emf|Enhanced Metafile|emf|multimedia image"
    Wmf "wmf|Windows Metafile|wmf|multimedia image"
    Dds "dds|DirectDraw Surface|dds|multimedia image"
    Targa "targa|Targa|tga targa icb vda vst|multimedia image"
    Exr "exr|OpenEXR|exr|multimedia image"
    Dicom "dicom|DICOM|dcm dicom|multimedia image"
    Dwg "dwg|AutoCAD drawing|dwg dwt|multimedia image"
    Dxf "dxf|AutoCAD exchange|dxf|multimedia image"

    Mp3 "mp3|MP3|mp3 mp2 mpga|multimedia audio"
    M4a "m4a|MPEG-4 audio|m4a m4b mp4|multimedia audio"
    Wav "wav|WAV|wav wave|multimedia audio"
    Aiff "aiff|AIFF|aiff aif aifc|multimedia audio"
    Midi "midi|MIDI|mid midi kar rmi|multimedia audio"
    Ogg "ogg|Ogg|ogg oga ogv opus spx|multimedia audio video"
    Flac "flac|FLAC|flac|multimedia audio"
    Aac "aac|AAC|aac adts|multimedia audio"
    Amr "amr|AMR|amr awb 3ga|multimedia audio"
    Au "au|Sun audio|au snd|multimedia audio"
    Wma "wma|Windows Media audio|wma asf|multimedia audio"
    Wmv "wmv|Windows Media video|wmv asf|multimedia video"
    Asf "asf|ASF|asf wmv wma|multimedia audio video"
    Mp4 "mp4|MP4|mp4 m4v f4v m4s m4a mov 3gp|multimedia video"
    Mov "mov|QuickTime|mov qt mp4|multimedia video"
    ThreeGp "3gp|3GP|3gp 3g2 mp4|multimedia video"
    Avi "avi|AVI|avi divx|multimedia video"
    Mkv "mkv|Matroska|mkv mka mks|multimedia audio video"
    Webm "webm|WebM|webm weba|multimedia audio video"
    Flv "flv|Flash video|flv f4v|multimedia video"
    Mpeg "mpeg|MPEG|mpg mpeg m1v m2v vob ts m2ts mts|multimedia video"
    RealMedia "rm|RealMedia|rm rmvb ra|multimedia audio video"

    Ttf "ttf|TrueType font|ttf ttc otf|font"
    Otf "otf|OpenType font|otf ttf otc|font"
    Woff "woff|Web font|woff|font internet"
    Woff2 "woff2|Web font 2|woff2|font internet"
    Eot "eot|Embedded OpenType font|eot|font internet"

    Flash "flash|Shockwave Flash|swf|internet"
    Torrent "bittorrent|BitTorrent link|torrent|internet"
    Cap "cap|Network capture|pcap pcapng cap dmp|internet"
    Outlook "outlook|Outlook|msg oft|internet email"

    Sqlite "sqlite|SQLite database|sqlite sqlite3 db db3 gpkg|database"
    Mdb "mdb|MS Access database|mdb accdb|database msoffice"
    Accdb "accdb|MS Access 2007 database|accdb accde mdb|database msoffice"
    Parquet "parquet|Apache Parquet|parquet pq|database"
    Hdf5 "hdf5|HDF5|h5 hdf5 hdf nc keras|database"
    Npy "npy|NumPy array|npy|database"
    Pickle "pickle|Python pickle|pkl pickle pt pth|database python"
    Plist "appleplist|Apple binary property list|plist strings webloc nib|apple"
    AppleSingle "applesingle|AppleSingle||apple"
    AppleDouble "appledouble|AppleDouble| _|apple"
    AppleScriptCode "applescript-compiled|Compiled AppleScript|scpt scptd|executable mac"

    Pgp "pgp|OpenPGP|pgp gpg asc sig key kbx|key"
    Crt "crt|Certificate|crt cer der|key"
    Pkcs12 "p12|PKCS #12 key store|p12 pfx|key"
    Pkcs7 "p7|PKCS #7 message|p7b p7s p7m p7c cat|key"
    JavaKeys "jks|Java key store|jks keystore|key java"
    Kdbx "kdbx|KeePass database|kdbx kdb|key database"

    // From here on: text. The order says which are, see `Kind::is_text`.
    Text "text|Text|txt text log md markdown rst nfo asc lst cfg conf properties env ini toml yaml yml srt sub vtt po in cmake gradle lock csv tsv dat el lisp clj ex exs erl hs ml swift kt scala groovy dart jl r v asm s tcl proto ics vcf tex out snap mod msg dot cat so a|"
    Pem "pem|PEM key or certificate|pem crt cer key csr pub ca asc p7b p7s crl|key"
    SshKey "ssh|SSH key|pub key ppk pem|key"
    PgpText "pgp|OpenPGP (armoured)|asc pgp gpg sig key txt|key"
    Html "html|HTML|html htm xhtml xht shtml mht php asp aspx jsp cgi svg xml hta vue tpl ejs erb|internet"
    Hta "hta|HTML application|hta html|internet executable windows"
    Mhtml "mhtml|Web page archive|mht mhtml eml|internet"
    Xml "xml|XML|xml xsd xsl xslt rss atom rdf kml gpx wsdl config csproj props targets resx xaml manifest nuspec xhtml plist svg html opf dae ts ui storyboard policy fodt musicxml fb2 xmp|text"
    Svg "svg|SVG|svg xml|multimedia image"
    PlistText "appleplist|Apple property list|plist xml strings webloc mobileconfig inetloc fileloc entitlements|apple"
    Wsf "wsf|Windows script file|wsf wsc|source script windows"
    Sct "sct|Windows scriptlet|sct wsc|source script windows"
    Msc "msc|MMC snap-in file|msc|windows"
    Jnlp "jnlp|Java Web Start|jnlp|internet java"
    Email "email|Email|eml email mbox mht mhtml txt|internet"
    Json "json|JSON|json map geojson har ipynb jsonl ndjson webmanifest json5 jsonc gltf lock sarif tfstate|text"
    Csv "csv|CSV|csv tsv tab txt|text"
    JavaScript "javascript|JavaScript|js mjs cjs jsx ts tsx jse vue mts cts|source script"
    Vbs "vbs|VBScript|vbs vbe vb|source script windows"
    Vba "vba|VBA|vba bas cls frm vb vbs|source script windows"
    Encoded "script|Encoded script|vbe jse|source script windows"
    PowerShell "powershell|Powershell|ps1 psm1 psd1|source script ps1"
    Bat "bat|Windows batch file|bat cmd|source script windows"
    Shell "shell|Shell script|sh bash zsh ksh csh fish command run tool in install|source script"
    Python "python|Python|py pyw pyi pyx|source script"
    Perl "perl|Perl|perl pl pm t cgi pod|source script"
    Php "php|PHP|php phtml phar php5 inc html|source script"
    Ruby "ruby|Ruby|rb rake gemspec ru erb|source script"
    Lua "lua|Lua|lua nse|source script"
    Awk "awk|AWK|awk|source script"
    Tcl "tcl|Tcl|tcl tk|source script"
    AppleScript "applescript|AppleScript|applescript scpt|source script mac"
    OtherScript "script|Script| r jl lisp scm clj groovy kts swift make mk|source script"
    C "c|C|c h cc cpp hpp inc y l m ino|source"
    Cpp "cpp|C++|cpp cc cxx hpp hh hxx h ino inl tcc|source"
    Java "java|Java|java jsp gradle groovy kt scala|source"
    CSharp "csharp|C#|cs csx cshtml|source"
    Golang "golang|Go|go|source"
    Rust "rust|Rust|rs|source"
    ObjectiveC "objectivec|Objective-C|m mm h pch|source"
    Pascal "pascal|Pascal|pas pp dpr lpr|source"
    Css "css|CSS|css scss less sass|internet"
    Sql "sql|SQL|sql ddl|source database"
    Latex "latex|LaTeX|tex latex sty cls dtx def|document text"
    Makefile "makefile|Makefile|mk mak am in|source"
    Diff "diff|Patch|diff patch|text source"
    Ini "ini|Configuration settings|ini cfg conf toml inf scf properties service socket theme lng reg|text"
    Reg "reg|Windows registry file|reg|windows text"
    UrlFile "url|Internet shortcut|url website|internet"
    Desktop "desktop|Desktop entry|desktop directory service|linux"
    Rdp "rdp|Remote Desktop connection|rdp|windows"
    Calendar "ics|iCalendar|ics ical|internet text"
    VCard "vcf|vCard|vcf vcard|internet text"
    Playlist "m3u|Playlist|m3u m3u8 pls|multimedia"
    Slk "slk|Symbolic link spreadsheet|slk|document spreadsheet"
    BinHex "binhex|BinHex|hqx|compressed mac"
}

impl Kind {
    /// The four fields of the line.
    pub(in crate::digest) fn fields(self) -> [&'static str; 4] {
        let line = TABLE.lines().nth(self as usize).unwrap_or_default();
        let mut fields = line.split('|');
        std::array::from_fn(|_| fields.next().unwrap_or_default())
    }

    /// The endings that files of this type bear, the usual one first ("" where there is none).
    pub(in crate::digest) fn endings(self) -> std::str::Split<'static, char> {
        self.fields()[2].split(' ')
    }

    /// Whether such files are text.
    pub(in crate::digest) fn is_text(self) -> bool {
        self >= Self::Text
    }

    /// The types that own an ending.
    pub(in crate::digest) fn owners(ending: &str) -> impl Iterator<Item = Self> {
        TABLE
            .lines()
            .zip(Self::ALL)
            .filter(move |(line, _)| {
                let endings = line.split('|').nth(2).unwrap_or_default();
                endings.split(' ').any(|own| own == ending)
            })
            .map(|(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_whole() {
        assert_eq!(TABLE.lines().count(), Kind::ALL.len());
        for (line, kind) in TABLE.lines().zip(Kind::ALL) {
            assert_eq!(line.split('|').count(), 4, "{line}");
            assert!(!kind.fields()[0].is_empty(), "{line}");
            assert!(
                line.split('|').nth(2)
                    == Some(line.split('|').nth(2).unwrap_or("").to_lowercase().as_str()),
                "endings are compared in lower case: {line}"
            );
        }
    }
}
