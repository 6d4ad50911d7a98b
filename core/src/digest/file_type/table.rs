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

// `type_tag | type_description | endings, the usual one first | type_tags without the tag itself |
// signs`. A list of endings that begins with a space has no usual one. Tags and descriptions are
// VirusTotal's where it has published one (the enumeration `vt.FileType` of its YARA module, the
// `type:` words of its search); plain short names elsewhere.
//
// Signs are divided by "`"; the first line of which one is met is the type, so the special stands
// before the general. What a sign is, its first letter says:
//
// - `=` and `+`: a pattern of the first bytes, see `meets`; `=` is no sign in an ASCII text;
// - `d`: such a pattern, for disk images whose beginning may be anything; `e`: for the last 512
//   bytes; `f`: for OLE documents whose directory is out of sight;
// - `z`: a member of a ZIP, whole or with `*` at one end; `Z`: in a package with content types;
// - `o`: a stream or storage of an OLE document;
// - `t`: how a text begins, in lower case; `!`: the interpreter behind `#!`; `<`: the first element
//   of markup; `[`: the first section of settings.
kinds! {
    // "Unknown" owns the endings that promise nothing.
    Unknown "unknown|unknown| bin dat data raw tmp temp bak old part crdownload cache db img dmp||"
    Empty "empty|empty file|||"

    PeExe "peexe|Win32 EXE|exe scr com pif dll sys drv cpl ocx efi ax mui xll pyd node|executable windows win32 pe|"
    PeDll "pedll|Win32 DLL|dll ocx cpl sys drv ax mui xll pyd node exe scr efi|executable windows win32 pe|"
    NeExe "neexe|Win16 EXE|exe scr com drv fon dll|executable windows win16 ne|"
    NeDll "nedll|Win16 DLL|dll drv fon exe vbx cpl|executable windows win16 ne|"
    Le "le|OS/2 executable or VxD|exe dll vxd 386 sys|executable windows|"
    Mz "mz|DOS EXE|exe com ovl sys|executable dos|='MZ'"
    Coff "coff|COFF|obj o|executable|=4c01..[00-02]@10,0000@14'.'`=6486..[00-02]@10,0000@14'.'`=64aa..[00-02]@10,0000@14'.'"
    AppImage "elf|AppImage|appimage run|executable linux|=7f'ELF'@8'AI'[01-02]"
    Elf "elf|ELF| elf so o a ko bin run out mod appimage oat odex|executable linux|=7f'ELF'"
    MachO "macho|Mach-O| dylib o so bundle bin node|executable mac|=feedfa[ce-cf]`=[ce-cf]faedfe`=cafebabf"
    Dyld "dyld|Dyld shared cache||executable mac|='dyld_v'"
    Class "java-bytecode|Java Bytecode|class|executable java|=cafebabe"
    Wasm "wasm|WebAssembly|wasm|executable internet|=00'asm'"
    Llvm "llvm|LLVM bitcode|bc|executable|='BC'c0de`=dec0170b"
    Dex "dex|Android DEX|dex|executable mobile android|='dex'0a"
    Odex "odex|Android optimised DEX|odex dex|executable mobile android|='dey'0a"
    Apk "android|Android|apk aar|executable mobile apk|zAndroidManifest.xml"
    Aab "aab|Android App Bundle|aab|executable mobile android|zBundleConfig.pb"
    Ipa "iphone|iOS application|ipa|executable mobile apple|zPayload/*"
    Symbian "symbian|Symbian installer|sis sisx|executable mobile|=7a1a2010`=@8,19040010"
    Msi "msi|Windows Installer|msi msp mst msm|executable windows installer|o\u{4840}*"
    Msix "msix|Windows app package|msix appx msixbundle appxbundle|executable windows installer|zAppxManifest.xml`zAppxMetadata/*"
    Pkg "pkg|macOS installer package|pkg mpkg xar xip|executable mac installer|='xar!'00"
    Deb "deb|Debian package|deb udeb ipk|executable linux installer|+'!<arch>'0a'debian'"
    Rpm "rpm|RPM|rpm srpm|executable linux installer|=edabeedb"
    JavaObject "javaser|Serialized Java object|ser|java|=aced0005"
    Pyc "pyc|Python bytecode|pyc pyo|executable python|=..[0b-0f]0d0a`=..[f2-f3]0d0a"
    LuaCode "luac|Lua bytecode|luac lua out|executable lua|=1b'Lua'`=1b'LJ'"
    AutoIt "autoit|Compiled AutoIt script|a3x|executable windows|=a3484bbe986c4aa9"
    Kernel "krnl|Linux kernel| bzimage img efi|executable linux|=@202'HdrS'"
    Rom "rom|Game ROM|nes n64 z64 rom|executable|='NES'1a`=80371240"

    Lnk "lnk|Windows shortcut|lnk|windows|=4c00000001140200"
    Chm "chm|Compiled HTML help|chm chw|document windows|='ITSF'"
    Hlp "hlp|Windows help|hlp|document windows|=3f5f0300"
    Prefetch "prefetch|Windows prefetch|pf|windows|=@4'SCCA'`='MAM'04"
    Evtx "evtx|Windows event log|evtx|windows|='ElfFile'00"
    Hive "hive|Windows registry hive|hiv hve|windows|='regf'"
    Minidump "minidump|Windows crash dump|dmp mdmp hdmp|windows|='MDMP'93a7`='PAGEDU'"
    Pdb "pdb|Program database|pdb|windows|='Microsoft C/C++ MSF 7.00'"
    Pst "pst|Outlook mailbox|pst ost|internet windows|='!BDN'"
    Tnef "tnef|Outlook attachment container|dat tnef|internet windows|=789f3e22"

    Pdf "pdf|PDF|pdf ai fdf|document|+'%PDF-'"
    Rtf "rtf|Rich Text Format|rtf doc|document|+'{\\rt'"
    Ps "ps|PostScript|ps prn eps ai pfa|document|+'%!PS'`=04'%!PS'"
    Eps "eps|Encapsulated PostScript|eps ps ai|document image|=c5d0d3c6"
    Ole "ole|OLE compound document| doc dot xls xlt ppt pps docx docm xlsx xlsm xlsb pptx pptm msi msp msg hwp vsd pub mpp db suo|document msoffice|=d0cf11e0a1b11ae1"
    Outlook "outlook|Outlook|msg oft|internet email|o__properties_*`o__nameid_*"
    Doc "doc|MS Word Document|doc dot|document msoffice text word|oWordDocument`f@200,eca5"
    Xls "xls|MS Excel Spreadsheet|xls xlt xla|document msoffice spreadsheet excel|oWorkbook`oBook`f@200,09081000"
    Ppt "ppt|MS PowerPoint Presentation|ppt pps pot|document msoffice presentation powerpoint|oPowerPoint*`oPP97_*`f@200,0f00e803`f@200,a0461df0`f@200,006e1ef0"
    Vsd "vsd|MS Visio Drawing|vsd vss vst|document msoffice|oVisioDocument"
    Pub "pub|MS Publisher Document|pub|document msoffice|oQuill"
    Docm "docx|Office Open XML Document with macros|docm dotm|document msoffice text word|zword/vbaProject.bin"
    Docx "docx|Office Open XML Document|docx dotx docm|document msoffice text word|zword/document*`Zword/*"
    Xlsm "xlsx|Office Open XML Spreadsheet with macros|xlsm xltm xlam|document msoffice spreadsheet excel|zxl/vbaProject.bin"
    Xlsb "xlsx|Excel binary workbook|xlsb|document msoffice spreadsheet excel|zxl/workbook.bin"
    Xlsx "xlsx|Office Open XML Spreadsheet|xlsx xltx xlsm|document msoffice spreadsheet excel|zxl/workbook*`Zxl/*"
    Pptm "pptx|Office Open XML Presentation with macros|pptm potm ppsm ppam|document msoffice presentation powerpoint|zppt/vbaProject.bin"
    Pptx "pptx|Office Open XML Presentation|pptx potx ppsx pptm|document msoffice presentation powerpoint|zppt/presentation*`Zppt/*"
    Vsdx "vsdx|Office Open XML Drawing|vsdx vsdm|document msoffice|zvisio/document*`Zvisio/*"
    OneNote "one|OneNote|one onetoc2|document msoffice|=e4525c7b8cd8a74d`=a12fff43d9ef764c"
    Odt "odt|OpenDocument Text|odt ott odm|document opendocument text|zmimetypeapplication/vnd.oasis.opendocument.text*"
    Ods "ods|OpenDocument Spreadsheet|ods ots|document opendocument spreadsheet|zmimetypeapplication/vnd.oasis.opendocument.spreadsheet*"
    Odp "odp|OpenDocument Presentation|odp otp|document opendocument presentation|zmimetypeapplication/vnd.oasis.opendocument.presentation*"
    Odg "odg|OpenDocument Graphics|odg otg|document opendocument image|zmimetypeapplication/vnd.oasis.opendocument.graphics*"
    Odf "odf|OpenDocument Formula|odf|document opendocument|zmimetypeapplication/vnd.oasis.opendocument.formula*"
    Hwp "hwp|Hangul Word Processor Document|hwp hwpx|document|='HWP Document File'`o\u{5}HwpSummary*`zmimetypeapplication/hwp+zip*"
    Epub "ebook|EPUB|epub|document ebook|zmimetypeapplication/epub+zip*"
    Mobi "ebook|Mobipocket e-book|mobi azw azw3 prc pdb|document ebook|=@3c'BOOKMOBI'`=@3c'TEXtREAd'"
    Djvu "djvu|DjVu|djvu djv|document image|='AT&TFORM'"
    Xps "xps|XPS Document|xps oxps|document|zFixedDocSeq.fdseq`zFixedDocumentSequence.fdseq"
    InDesign "indesign|Adobe InDesign|indd indt|document image|=0606edf5d81d46e5"

    Zip "zip|ZIP|zip jar war ear apk aar aab ipa docx docm dotx xlsx xlsm xlsb pptx pptm ppsx vsdx odt ods odp odg odf epub xps oxps msix appx nupkg whl vsix xpi kmz 3mf cbz hwpx npz pt pth pages numbers key apks xapk jmod|compressed|='PK'0304`='PK'0506`='PK'0708'PK'0304`='PK00PK'0304"
    Nupkg "nupkg|NuGet package|nupkg snupkg|compressed|z*.nuspec"
    Whl "whl|Python wheel|whl|compressed python|z*.dist-info/WHEEL`z*.dist-info/METADATA"
    Vsix "vsix|Visual Studio extension|vsix|compressed|zextension.vsixmanifest"
    Xpi "xpi|Firefox extension|xpi|internet browser|zMETA-INF/mozilla.rsa`zMETA-INF/cose.manifest`zinstall.rdf"
    Crx "crx|Chrome extension|crx|internet browser|='Cr24'"
    Jar "jar|JAR|jar war ear jmod xpi|compressed java|=cafed00d`='JM'0100'PK'`z*.class`zMETA-INF/MANIFEST.MF`zMETA-INF/"
    SevenZip "7zip|7ZIP|7z cb7|compressed|='7z'bcaf271c"
    Rar "rar|RAR|rar cbr r00 rev|compressed|='Rar!'1a07"
    Gzip "gzip|GZIP|gz tgz gzip emz wmz svgz rds|compressed|=1f8b08"
    Bzip "bzip|BZIP2|bz2 tbz tbz2|compressed|='BZh'[31-39]'1AY'`='BZh'[31-39]1772"
    Xz "xz|XZ|xz txz|compressed|=fd'7zXZ'00"
    Lzma "lzma|LZMA|lzma tlz|compressed|=5d0000....ffffffffffffffff`=5d0000..............000000"
    Zst "zst|Zstandard|zst tzst zstd|compressed|=28b52ffd`=[50-5f]2a4d18"
    Lz4 "lz4|LZ4|lz4|compressed|=04224d18`=02214c18"
    Lzip "lzip|Lzip|lz tlz|compressed|='LZIP'"
    Iso "isoimage|ISO image|iso udf img toast|compressed disk|d@8001'CD001'`d@8001'BEA01'"
    Dmg "dmg|Macintosh Disk Image|dmg img|executable mac disk|=7801730d626260`='encrcdsa'`e'koly'"
    Zlib "zlib|Zlib|zlib zz|compressed|=7801`='x^'`=789c`=78da"
    Cab "cab|Windows cabinet|cab msu onepkg|compressed windows|='MSCF'00000000"
    MsCompress "mscompress|MS compress|ex_ dl_ sy_|compressed windows|='SZDD'88f02733`='KWAJ'88f027d1"
    Wim "wim|Windows imaging format|wim esd swm|compressed windows|='MSWIM'000000"
    Arj "arj|ARJ|arj|compressed|=60ea..[00-0a][1e-40]"
    Lha "lha|LHA|lzh lha|compressed|=@2'-l'[68-7a]..'-'"
    Ace "ace|ACE|ace|compressed|=@7'**ACE**'"
    Cpio "cpio|CPIO|cpio img|compressed|+'07070'[31-37][30-66][30-66]`=c771"
    Ar "ar|UNIX archive|a lib ar|compressed|+'!<arch>'0a`+'!<thin>'0a"
    Tar "tar|TAR|tar gem ova|compressed|=@101'ustar'"

    Vhd "vhd|Virtual hard disk|vhd vpc|disk|='conectix'`e'conectix'"
    Vhdx "vhdx|Virtual hard disk v2|vhdx avhdx|disk|='vhdxfile'"
    Vmdk "vmdk|VMware disk|vmdk|disk|='KDMV'`='COWD'`='# Disk DescriptorFile'"
    Qcow "qcow|QEMU disk|qcow qcow2 img|disk|='QFI'fb"
    Vdi "vdi|VirtualBox disk|vdi|disk|=@40,7f10dabe"
    SquashFs "squashfs|SquashFS|squashfs snap img|disk linux|='hsqs'`='sqsh'"
    Ext "ext|Linux file system|img ext4|disk linux|=@438,53ef@44c[00-01]000000"
    Mbr "mbr|Disk image with a boot sector|img bin iso|disk|=@1fe,55aa"

    Png "png|PNG|png apng|multimedia image|=89'PNG'0d0a1a0a"
    Jpeg "jpeg|JPEG|jpg jpeg jpe jfif|multimedia image|=ffd8ff"
    Gif "gif|GIF|gif|multimedia image|='GIF87a'`='GIF89a'"
    Webp "webp|WebP|webp|multimedia image|='RIFF'........'WEBP'"
    Bmp "bmp|BMP|bmp dib|multimedia image|='BM'........00000000"
    RawPhoto "raw|Camera raw photograph|cr2 cr3 dng orf rw2 raf|multimedia image|='II*'00@8'CR'02`='IIR'[4f-53]`='IIU'00`='FUJIFILMCCD-RAW'`=@4'ftypcrx '"
    Tiff "tiff|TIFF|tif tiff dng nef arw|multimedia image|='II*'00`='MM'002a`='II+'00`='MM'002b"
    GeoTiff "tiff|GeoTIFF|tif tiff|multimedia image|"
    Ico "ico|Windows icon|ico|multimedia image|=00000100[01-40]00"
    Cur "cur|Windows cursor|cur|multimedia image|=00000200[01-40]00"
    Ani "ani|Windows animated cursor|ani|multimedia image|='RIFF'........'ACON'"
    Icns "icns|Macintosh icon|icns|multimedia image|='icns'"
    Psd "psd|Adobe Photoshop|psd psb|multimedia image|='8BPS'00"
    Gimp "gimp|GIMP|xcf|multimedia image|='gimp xcf '"
    Heic "heic|HEIF|heic heif|multimedia image|=@4'ftyphe'`=@4'ftypmif1'`=@4'ftypmsf1'"
    Avif "avif|AVIF|avif avifs|multimedia image|=@4'ftypavi'"
    Jxl "jxl|JPEG XL|jxl|multimedia image|=0000000c'JXL '`=ff0a"
    Jp2 "jp2|JPEG 2000|jp2 j2k jpf jpx jpm j2c|multimedia image|=0000000c'jP  '`=ff4fff51"
    Emf "emf|Enhanced Metafile|emf|multimedia image|=@28' EMF'"
    Wmf "wmf|Windows Metafile|wmf|multimedia image|=d7cdc69a`=010009000003"
    Dds "dds|DirectDraw Surface|dds|multimedia image|='DDS '"
    Targa "targa|Targa|tga targa icb vda vst|multimedia image|e@1ee'TRUEVISION-XFILE'"
    Exr "exr|OpenEXR|exr|multimedia image|=762f3101"
    Dwg "dwg|AutoCAD drawing|dwg dwt|multimedia image|='AC10'[30-39][30-39]00"
    Dxf "dxf|AutoCAD exchange|dxf|multimedia image|='AutoCAD Binary DXF'"

    Mp3 "mp3|MP3|mp3 mp2 mpga|multimedia audio|='ID3'`=ff[fa-fb][10-eb]`=ff[f2-f3][10-eb]"
    M4a "m4a|MPEG-4 audio|m4a m4b mp4|multimedia audio|=@4'ftypM4A'`=@4'ftypM4B'"
    Wav "wav|WAV|wav wave|multimedia audio|='RIFF'........'WAVE'`='RF64'........'WAVE'"
    Aiff "aiff|AIFF|aiff aif aifc|multimedia audio|='FORM'........'AIF'"
    Midi "midi|MIDI|mid midi kar rmi|multimedia audio|='MThd'`='RIFF'........'RMID'"
    Ogg "ogg|Ogg|ogg oga ogv opus spx|multimedia audio video|='OggS'"
    Flac "flac|FLAC|flac|multimedia audio|='fLaC'"
    Aac "aac|AAC|aac adts|multimedia audio|=ff[f0-f1][40-7f][00-c3]`=ff[f8-f9][40-7f][00-c3]"
    Amr "amr|AMR|amr awb 3ga|multimedia audio|='#!AMR'"
    Au "au|Sun audio|au snd|multimedia audio|='.snd'"
    Wma "wma|Windows Media audio|wma asf|multimedia audio|"
    Wmv "wmv|Windows Media video|wmv asf|multimedia video|"
    Asf "asf|ASF|asf wmv wma|multimedia audio video|=3026b2758e66cf11"
    Mov "mov|QuickTime|mov qt mp4|multimedia video|=@4'ftypqt'`=00@4'moov'`=00@4'mdat'`=00@4'wide'"
    ThreeGp "3gp|3GP|3gp 3g2 mp4|multimedia video|=@4'ftyp3g'"
    Mp4 "mp4|MP4|mp4 m4v f4v m4s m4a mov 3gp|multimedia video|=@4'ftyp'"
    Avi "avi|AVI|avi divx|multimedia video|='RIFF'........'AVI '"
    Mkv "mkv|Matroska|mkv mka mks|multimedia audio video|=1a45dfa3"
    Webm "webm|WebM|webm weba|multimedia audio video|"
    Flv "flv|Flash video|flv f4v|multimedia video|='FLV'01"
    Mpeg "mpeg|MPEG|mpg mpeg m1v m2v vob ts m2ts mts|multimedia video|=000001ba`=000001b3`=47@bc,47@178,47`=@4,47@c4,47@184,47"
    RealMedia "rm|RealMedia|rm rmvb ra|multimedia audio video|='.RMF'"

    Ttf "ttf|TrueType font|ttf ttc otf|font|=0001000000[01-40][00-04][00-f0]00[00-06]`='ttcf'00"
    Otf "otf|OpenType font|otf ttf otc|font|='OTTO'00"
    Woff "woff|Web font|woff|font internet|='wOFF'"
    Woff2 "woff2|Web font 2|woff2|font internet|='wOF2'"
    Eot "eot|Embedded OpenType font|eot|font internet|=@8,00000100@22'LP'`=@8,01000200@22'LP'`=@8,02000200@22'LP'"

    Flash "flash|Shockwave Flash|swf|internet|='FWS'[01-3c]`='CWS'[01-3c]`='ZWS'[01-3c]"
    Torrent "bittorrent|BitTorrent link|torrent|internet|td8:announce`td13:announce-list`td4:info`td7:comment`td10:created by"
    Cap "cap|Network capture|pcap pcapng cap dmp|internet|=d4c3b2a1`=a1b2c3d4`=4d3cb2a1`=a1b23c4d`+0a0d0d0a........1a2b3c4d`+0a0d0d0a........4d3c2b1a`='snoop'00"

    Sqlite "sqlite|SQLite database|sqlite sqlite3 db db3 gpkg|database|='SQLite format 3'00"
    Mdb "mdb|MS Access database|mdb accdb|database msoffice|=@4'Standard Jet DB'"
    Accdb "accdb|MS Access 2007 database|accdb accde mdb|database msoffice|=@4'Standard ACE DB'"
    Parquet "parquet|Apache Parquet|parquet pq|database|='PAR1'"
    Hdf5 "hdf5|HDF5|h5 hdf5 hdf nc keras|database|=89'HDF'0d0a1a0a"
    Npy "npy|NumPy array|npy|database|=93'NUMPY'"
    Pickle "pickle|Python pickle|pkl pickle pt pth|database python|=80[02-03]'}'`=80[02-03]']'`=80[02-03]'('`=80[02-03]'c'`=80[02-03]'X'`=80[04-05]95"
    Plist "appleplist|Apple binary property list|plist strings webloc nib|apple|='bplist0'"
    AppleSingle "applesingle|AppleSingle||apple|=00051600"
    AppleDouble "appledouble|AppleDouble| _|apple|=00051607"
    AppleScriptCode "applescript-compiled|Compiled AppleScript|scpt scptd|executable mac|='FasdUAS '"

    Pgp "pgp|OpenPGP|pgp gpg asc sig key kbx|key|=@8'KBXf'`=99[00-0f]..04........[01-1c]`=95[00-0f]..04........[01-1c]`=98..04........[01-1c]`=85[00-08]..03................[01-1c]`=84..03................[12-1c]`=8c0d04[01-0b]03`=89[00-08]..04[00-1f][01-1c][01-0e]`=88..04[00-1f][01-1c][01-0e]"
    Crt "crt|Certificate|crt cer der|key|=3082....3082....a0030201`=3082....3081..a0030201"
    Pkcs12 "p12|PKCS #12 key store|p12 pfx|key|=3082....02010330"
    Pkcs7 "p7|PKCS #7 message|p7b p7s p7m p7c cat|key|=3082....06092a864886f70d010702`=3083......06092a864886f70d010702`=308006092a864886f70d010702"
    JavaKeys "jks|Java key store|jks keystore|key java|=feedfeed000000`=cececece000000"
    Kdbx "kdbx|KeePass database|kdbx kdb|key database|=03d9a29a"

    // From here on: text. The order says which are, see `Kind::is_text`.
    Text "text|Text|txt text log md markdown rst nfo asc lst cfg conf properties env ini toml yaml yml srt sub vtt po in cmake gradle lock csv tsv dat el lisp clj ex exs erl hs ml swift kt scala groovy dart jl r v asm s tcl proto ics vcf tex out snap mod msg dot cat so a pth||t.\\\"`t'\\\"`t.th `t.so "
    SshKey "ssh|SSH key|pub key ppk pem|key|t-----begin openssh private`t---- begin ssh2 public`tputty-user-key-file-`tssh-rsa aaaa`tssh-dss aaaa`tssh-ed25519 aaaa`tecdsa-sha2-nistp"
    PgpText "pgp|OpenPGP (armoured)|asc pgp gpg sig key txt|key|t-----begin pgp "
    Pem "pem|PEM key or certificate|pem crt cer key csr pub ca asc p7b p7s crl|key|t-----begin "
    Html "html|HTML|html htm xhtml xht shtml mht php asp aspx jsp cgi svg xml hta vue tpl ejs erb|internet|<html"
    Hta "hta|HTML application|hta|internet executable windows|"
    Mhtml "mhtml|Web page archive|mht mhtml eml|internet|"
    Xml "xml|XML|xml xsd xsl xslt rss atom rdf kml gpx wsdl config csproj props targets resx xaml manifest nuspec xhtml plist svg html opf dae ts ui storyboard policy fodt musicxml fb2 xmp|text|"
    Svg "svg|SVG|svg xml|multimedia image|<svg`<svg:svg"
    PlistText "appleplist|Apple property list|plist xml strings webloc mobileconfig inetloc fileloc entitlements|apple|<plist"
    Wsf "wsf|Windows script file|wsf wsc|source script windows|<job`<package"
    Sct "sct|Windows scriptlet|sct wsc|source script windows|<scriptlet`<component"
    Msc "msc|MMC snap-in file|msc|windows|<mmc_consolefile"
    Jnlp "jnlp|Java Web Start|jnlp|internet java|<jnlp"
    Email "email|Email|eml email mbox mht mhtml txt|internet|"
    Json "json|JSON|json map geojson har ipynb jsonl ndjson webmanifest json5 jsonc gltf lock sarif tfstate|text|"
    Csv "csv|CSV|csv tsv tab txt|text|"
    JavaScript "javascript|JavaScript|js mjs cjs jsx ts tsx jse vue mts cts|source script|!node`!deno`!bun"
    Vbs "vbs|VBScript|vbs vbe vb|source script windows|"
    Vba "vba|VBA|vba bas cls frm vb vbs|source script windows|tversion 1.0 class`tattribute vb_name"
    Encoded "script|Encoded script|vbe jse|source script windows|+'#@~^'"
    PowerShell "powershell|Powershell|ps1 psm1 psd1|source script ps1|!pwsh`!powershell"
    Bat "bat|Windows batch file|bat cmd|source script windows|"
    Shell "shell|Shell script|sh bash zsh ksh csh fish command run tool in install|source script|!sh`!bash`!dash`!ash`!zsh`!ksh`!csh`!tcsh`!fish`!busybox`!bats"
    Python "python|Python|py pyw pyi pyx|source script|!python`!pypy"
    Perl "perl|Perl|pl perl pm t cgi pod|source script|!perl"
    Php "php|PHP|php phtml phar php5 inc html|source script|!php`t<?php`t<?="
    Ruby "ruby|Ruby|rb rake gemspec ru erb|source script|!ruby"
    Lua "lua|Lua|lua nse|source script|!lua"
    Awk "awk|AWK|awk|source script|!awk`!gawk`!mawk"
    AppleScript "applescript|AppleScript|applescript scpt|source script mac|!osascript"
    OtherScript "script|Script| r jl lisp scm clj groovy kts swift make mk|source script|"
    C "c|C|c h cc cpp hpp inc y l m ino|source|"
    Cpp "cpp|C++|cpp cc cxx hpp hh hxx h ino inl tcc|source|"
    Java "java|Java|java jsp gradle groovy kt scala|source|"
    CSharp "csharp|C#|cs csx cshtml|source|"
    Golang "golang|Go|go|source|"
    Rust "rust|Rust|rs|source|"
    ObjectiveC "objectivec|Objective-C|m mm h pch|source|"
    Pascal "pascal|Pascal|pas pp dpr lpr|source|"
    Css "css|CSS|css scss less sass|internet|"
    Sql "sql|SQL|sql ddl|source database|"
    Latex "latex|LaTeX|tex latex sty cls dtx def|document text|t\\documentclass"
    Makefile "makefile|Makefile|mk mak am in|source|!make"
    Diff "diff|Patch|diff patch|text source|tdiff --git `tindex: "
    Ini "ini|Configuration settings|ini cfg conf toml inf scf properties service socket theme lng reg|text|"
    Reg "reg|Windows registry file|reg|windows text|twindows registry editor version `tregedit4"
    UrlFile "url|Internet shortcut|url website|internet|[[internetshortcut]"
    Desktop "desktop|Desktop entry|desktop directory service|linux|[[desktop entry]"
    Rdp "rdp|Remote Desktop connection|rdp|windows|tscreen mode id:i:`tfull address:s:"
    Calendar "ics|iCalendar|ics ical|internet text|tbegin:vcalendar"
    VCard "vcf|vCard|vcf vcard|internet text|tbegin:vcard"
    Playlist "m3u|Playlist|m3u m3u8 pls|multimedia|t#extm3u`t[playlist]"
    Slk "slk|Symbolic link spreadsheet|slk|document spreadsheet|tid;p"
}

impl Kind {
    /// The fields of the line.
    pub(in crate::digest) fn fields(self) -> [&'static str; 5] {
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
    pub(in crate::digest) fn owners(ending: &str) -> Vec<Self> {
        let owns = |kind: &Self| kind.endings().any(|own| own == ending);
        Self::ALL.iter().copied().filter(owns).collect()
    }

    /// The first type that has a sign of this class which is met.
    pub(super) fn told(class: char, is_met: &dyn Fn(&str) -> bool) -> Option<Self> {
        for (line, kind) in TABLE.lines().zip(Self::ALL) {
            let signs = line.rsplit('|').next().unwrap_or_default();
            for sign in signs.split('`') {
                if sign.strip_prefix(class).is_some_and(is_met) {
                    return Some(*kind);
                }
            }
        }
        None
    }
}

/// Whether bytes begin as a pattern says: two hexadecimal digits for a byte, `'word'` for its
/// letters, `..` for any byte, `[30-39]` for one of a range, `@1fe` to go on at that offset (a
/// comma ends the number where a digit would follow).
pub(super) fn meets(pattern: &str, bytes: &[u8]) -> bool {
    let mut at = 0;
    let mut rest = pattern;
    let hex = |digits: &str| usize::from_str_radix(digits, 16).unwrap_or(usize::MAX);
    while let Some(first) = rest.chars().next() {
        let mut take = |count: usize| {
            let (taken, behind) = rest.split_at(count.min(rest.len()));
            rest = behind;
            taken
        };
        let (low, high) = match first {
            ',' => {
                take(1);
                continue;
            }
            '@' => {
                take(1);
                let digits = rest.find(|c: char| !c.is_ascii_hexdigit());
                let (number, behind) = rest.split_at(digits.unwrap_or(rest.len()));
                (at, rest) = (hex(number), behind);
                continue;
            }
            '\'' => {
                take(1);
                let (word, behind) = rest.split_once('\'').unwrap_or((rest, ""));
                if !super::starts_at(bytes, at, word.as_bytes()) {
                    return false;
                }
                (at, rest) = (at + word.len(), behind);
                continue;
            }
            '[' => {
                let range = take(7);
                (hex(&range[1..3]), hex(&range[4..6]))
            }
            '.' => {
                take(2);
                (0, 0xff)
            }
            _ => {
                let byte = hex(take(2));
                (byte, byte)
            }
        };
        match bytes.get(at) {
            Some(byte) if (low..=high).contains(&usize::from(*byte)) => at += 1,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_whole() {
        assert_eq!(TABLE.lines().count(), Kind::ALL.len());
        for (line, kind) in TABLE.lines().zip(Kind::ALL) {
            let fields: Vec<&str> = line.split('|').collect();
            assert_eq!(fields.len(), 5, "{line}");
            assert_eq!(fields, kind.fields(), "{line}");
            assert!(!fields[0].is_empty() && !fields[1].is_empty(), "{line}");
            assert_eq!(fields[2], fields[2].to_lowercase(), "{line}");
        }
    }

    #[test]
    fn every_pattern_is_well_formed() {
        let sound = |pattern: &str| {
            let mut rest = pattern;
            while !rest.is_empty() {
                let is_hex = |digits: &str| usize::from_str_radix(digits, 16).is_ok();
                let length = match rest.as_bytes()[0] {
                    b',' => 1,
                    b'@' => 1 + rest[1..].find(|c: char| !c.is_ascii_hexdigit()).unwrap(),
                    b'\'' => 2 + rest[1..].find('\'').unwrap(),
                    b'[' => {
                        assert!(rest[1..3] <= rest[4..6] && &rest[6..7] == "]", "{pattern}");
                        7
                    }
                    b'.' => 2,
                    _ => {
                        assert!(is_hex(&rest[..2]), "{pattern}");
                        2
                    }
                };
                rest = &rest[length..];
            }
            false
        };
        for class in ['=', '+', 'd', 'e', 'f'] {
            assert_eq!(Kind::told(class, &sound), None);
        }
    }

    #[test]
    fn every_type_has_a_case_for_its_tags() {
        let cases = include_str!("../../../../tests/cases/type_tags.json");
        let cases: serde_json::Value = serde_json::from_str(cases).unwrap();
        let cases = cases["cases"].as_array().unwrap();
        for kind in Kind::ALL {
            let [tag, description, ..] = kind.fields();
            let told = |case: &serde_json::Value| {
                case["out"][0] == description && case["out"][1].as_str().unwrap().ends_with(tag)
            };
            assert!(cases.iter().any(told), "{kind:?}");
        }
    }
}
