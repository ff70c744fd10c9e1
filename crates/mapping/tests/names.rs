//! The two splits of a name on the shapes names come in. All of them are invented.

use people::FullName;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

/// Name; first, middle, last; given, particles, surname, suffix.
type Row = (&'static str, [&'static str; 3], [&'static str; 4]);

#[rustfmt::skip]
const NAMES: &[Row] = &[
    // Nothing at all.
    ("", ["", "", ""], ["", "", "", ""]),
    (" ", ["", "", ""], ["", "", "", ""]),
    ("\t\r\n", ["", "", ""], ["", "", "", ""]),
    ("\u{a0}\u{2003}\u{202f}\u{3000}", ["", "", ""], ["", "", "", ""]),
    ("\u{85}\u{2028}\u{2029}", ["", "", ""], ["", "", "", ""]),
    (",", [",", "", ""], ["", "", "", ""]),
    (" , ,, ", [",", "", ",,"], ["", "", "", ""]),
    // One word.
    ("Suharno", ["Suharno", "", ""], ["Suharno", "", "", ""]),
    ("  Teuku\n", ["Teuku", "", ""], ["Teuku", "", "", ""]),
    ("Suharno,", ["Suharno,", "", ""], ["Suharno", "", "", ""]),
    (",Suharno", [",Suharno", "", ""], ["Suharno", "", "", ""]),
    ("X", ["X", "", ""], ["X", "", "", ""]),
    ("van", ["van", "", ""], ["van", "", "", ""]),
    ("Jr.", ["Jr.", "", ""], ["Jr.", "", "", ""]),
    ("MD", ["MD", "", ""], ["MD", "", "", ""]),
    ("-", ["-", "", ""], ["-", "", "", ""]),
    (".", [".", "", ""], [".", "", "", ""]),
    ("12", ["12", "", ""], ["12", "", "", ""]),
    ("al-Rashidi", ["al-Rashidi", "", ""], ["al-Rashidi", "", "", ""]),
    // Two words.
    ("Amara Okafor", ["Amara", "", "Okafor"], ["Amara", "", "Okafor", ""]),
    ("amara okafor", ["amara", "", "okafor"], ["amara", "", "okafor", ""]),
    ("AMARA OKAFOR", ["AMARA", "", "OKAFOR"], ["AMARA", "", "OKAFOR", ""]),
    ("Amara Okafor-Lind", ["Amara", "", "Okafor-Lind"], ["Amara", "", "Okafor-Lind", ""]),
    ("Siobhán O'Faolain", ["Siobhán", "", "O'Faolain"], ["Siobhán", "", "O'Faolain", ""]),
    ("Seán Ó", ["Seán", "", "Ó"], ["Seán", "", "Ó", ""]),
    ("Priya V", ["Priya", "", "V"], ["Priya", "", "V", ""]),
    ("K. Sivaraman", ["K.", "", "Sivaraman"], ["K.", "", "Sivaraman", ""]),
    ("Jean-Luc Marchetti", ["Jean-Luc", "", "Marchetti"], ["Jean-Luc", "", "Marchetti", ""]),
    ("Sokha Iv", ["Sokha", "", "Iv"], ["Sokha", "", "Iv", ""]),
    ("Linh Do", ["Linh", "", "Do"], ["Linh", "", "Do", ""]),
    ("Mei La", ["Mei", "", "La"], ["Mei", "", "La", ""]),
    ("Ana\tBrankov", ["Ana", "", "Brankov"], ["Ana", "", "Brankov", ""]),
    ("Ana\nBrankov", ["Ana", "", "Brankov"], ["Ana", "", "Brankov", ""]),
    ("Ana\u{a0}Brankov", ["Ana", "", "Brankov"], ["Ana", "", "Brankov", ""]),
    ("Ana\u{202f}Brankov", ["Ana", "", "Brankov"], ["Ana", "", "Brankov", ""]),
    ("Ana\u{2003}\u{2009}Brankov", ["Ana", "", "Brankov"], ["Ana", "", "Brankov", ""]),
    ("Ana\u{200b}Brankov", ["Ana\u{200b}Brankov", "", ""], ["Ana\u{200b}Brankov", "", "", ""]),
    ("Ana\u{2060}Brankov", ["Ana\u{2060}Brankov", "", ""], ["Ana\u{2060}Brankov", "", "", ""]),
    ("Ana_Brankov", ["Ana_Brankov", "", ""], ["Ana_Brankov", "", "", ""]),
    // Three to six words and more.
    ("Amara Ngozi Okafor", ["Amara", "Ngozi", "Okafor"], ["Amara Ngozi", "", "Okafor", ""]),
    ("Otis B. Hallworth", ["Otis", "B.", "Hallworth"], ["Otis B.", "", "Hallworth", ""]),
    ("O. B. Hallworth", ["O.", "B.", "Hallworth"], ["O. B.", "", "Hallworth", ""]),
    ("Lucía Pardo Quiñones", ["Lucía", "Pardo", "Quiñones"], ["Lucía Pardo", "", "Quiñones", ""]),
    ("Lucía Pardo y Quiñones", ["Lucía", "Pardo y", "Quiñones"], ["Lucía Pardo y", "", "Quiñones", ""]),
    ("Ana  Clara   Lima\tReis", ["Ana", "Clara Lima", "Reis"], ["Ana Clara Lima", "", "Reis", ""]),
    ("Eva Ida Uma Ona Lindqvist", ["Eva", "Ida Uma Ona", "Lindqvist"], ["Eva Ida Uma Ona", "", "Lindqvist", ""]),
    ("Eva Ida Uma Ona Asa Lindqvist", ["Eva", "Ida Uma Ona Asa", "Lindqvist"], ["Eva Ida Uma Ona Asa", "", "Lindqvist", ""]),
    ("Otis \"Bo\" Hallworth", ["Otis", "\"Bo\"", "Hallworth"], ["Otis \"Bo\"", "", "Hallworth", ""]),
    ("Otis (Bo) Hallworth", ["Otis", "(Bo)", "Hallworth"], ["Otis (Bo)", "", "Hallworth", ""]),
    ("Amara Okafor (she/her)", ["Amara", "Okafor", "(she/her)"], ["Amara Okafor", "", "(she/her)", ""]),
    ("Dr. Amara Okafor", ["Dr.", "Amara", "Okafor"], ["Dr. Amara", "", "Okafor", ""]),
    ("1 2 3", ["1", "2", "3"], ["1 2", "", "3", ""]),
    // Particles.
    ("Anna van der Berg", ["Anna", "van der", "Berg"], ["Anna", "van der", "van der Berg", ""]),
    ("Anna Maria van der Berg", ["Anna", "Maria van der", "Berg"], ["Anna Maria", "van der", "van der Berg", ""]),
    ("Anna Van Der Berg", ["Anna", "Van Der", "Berg"], ["Anna", "Van Der", "Van Der Berg", ""]),
    ("ANNA VAN DER BERG", ["ANNA", "VAN DER", "BERG"], ["ANNA", "VAN DER", "VAN DER BERG", ""]),
    ("Anna\u{a0}van\u{a0}der\u{a0}Berg", ["Anna", "van der", "Berg"], ["Anna", "van der", "van der Berg", ""]),
    ("Daan van 't Hofland", ["Daan", "van 't", "Hofland"], ["Daan", "van 't", "van 't Hofland", ""]),
    ("Daan van ’t Hofland", ["Daan", "van ’t", "Hofland"], ["Daan", "van ’t", "van ’t Hofland", ""]),
    ("Lotte op den Kamperveen", ["Lotte", "op den", "Kamperveen"], ["Lotte", "op den", "op den Kamperveen", ""]),
    ("Joris ten Haaften", ["Joris", "ten", "Haaften"], ["Joris", "ten", "ten Haaften", ""]),
    ("Joris ter Haaften", ["Joris", "ter", "Haaften"], ["Joris", "ter", "ter Haaften", ""]),
    ("Klaus von der Lühe", ["Klaus", "von der", "Lühe"], ["Klaus", "von der", "von der Lühe", ""]),
    ("Klaus von und zu Lühe", ["Klaus", "von und zu", "Lühe"], ["Klaus von und", "zu", "zu Lühe", ""]),
    ("Ida vom Brook", ["Ida", "vom", "Brook"], ["Ida", "vom", "vom Brook", ""]),
    ("Ida zur Linden", ["Ida", "zur", "Linden"], ["Ida", "zur", "zur Linden", ""]),
    ("Ebba af Silfverhult", ["Ebba", "af", "Silfverhult"], ["Ebba", "af", "af Silfverhult", ""]),
    ("Ebba av Silfverhult", ["Ebba", "av", "Silfverhult"], ["Ebba", "av", "av Silfverhult", ""]),
    ("Marie de la Roncière", ["Marie", "de la", "Roncière"], ["Marie", "de la", "de la Roncière", ""]),
    ("Marie du Lac", ["Marie", "du", "Lac"], ["Marie", "du", "du Lac", ""]),
    ("Marie Le Goarnig", ["Marie", "Le", "Goarnig"], ["Marie", "Le", "Le Goarnig", ""]),
    ("Inés de los Robledos", ["Inés", "de los", "Robledos"], ["Inés", "de los", "de los Robledos", ""]),
    ("Inés del Valle Pardo", ["Inés", "del Valle", "Pardo"], ["Inés del Valle", "", "Pardo", ""]),
    ("João dos Reis", ["João", "dos", "Reis"], ["João", "dos", "dos Reis", ""]),
    ("João da Costa e Lima", ["João", "da Costa e", "Lima"], ["João da Costa e", "", "Lima", ""]),
    ("Ana das Neves", ["Ana", "das", "Neves"], ["Ana", "das", "das Neves", ""]),
    ("Ana do Prado", ["Ana", "do", "Prado"], ["Ana", "do", "do Prado", ""]),
    ("Gaia di Montelupo", ["Gaia", "di", "Montelupo"], ["Gaia", "di", "di Montelupo", ""]),
    ("Gaia Della Rovigo", ["Gaia", "Della", "Rovigo"], ["Gaia", "Della", "Della Rovigo", ""]),
    ("Gaia degli Ontani", ["Gaia", "degli", "Ontani"], ["Gaia", "degli", "degli Ontani", ""]),
    ("Gaia D'Ontano", ["Gaia", "", "D'Ontano"], ["Gaia", "", "D'Ontano", ""]),
    ("Yusuf bin Tahir", ["Yusuf", "bin", "Tahir"], ["Yusuf", "bin", "bin Tahir", ""]),
    ("Yusuf ibn Tahir al Basrani", ["Yusuf", "ibn Tahir al", "Basrani"], ["Yusuf ibn Tahir", "al", "al Basrani", ""]),
    ("Layla bint Yusuf", ["Layla", "bint", "Yusuf"], ["Layla", "bint", "bint Yusuf", ""]),
    ("Layla El Haddawi", ["Layla", "El", "Haddawi"], ["Layla", "El", "El Haddawi", ""]),
    ("Layla El-Haddawi", ["Layla", "", "El-Haddawi"], ["Layla", "", "El-Haddawi", ""]),
    ("Noam Ben Tzvi", ["Noam", "Ben", "Tzvi"], ["Noam", "Ben", "Ben Tzvi", ""]),
    // A particle that comes first is a given name; a particle that comes last is a surname.
    ("Van Moray", ["Van", "", "Moray"], ["Van", "", "Moray", ""]),
    ("Ben Carteray", ["Ben", "", "Carteray"], ["Ben", "", "Carteray", ""]),
    ("Ben van Carteray", ["Ben", "van", "Carteray"], ["Ben", "van", "van Carteray", ""]),
    ("de la Roncière", ["de", "la", "Roncière"], ["de", "la", "la Roncière", ""]),
    ("Anna van", ["Anna", "", "van"], ["Anna", "", "van", ""]),
    ("Anna van der", ["Anna", "van", "der"], ["Anna", "van", "van der", ""]),
    ("van van van", ["van", "van", "van"], ["van", "van", "van van", ""]),
    ("Anna Mac Iver", ["Anna", "Mac", "Iver"], ["Anna Mac", "", "Iver", ""]),
    ("Anna van. Berg", ["Anna", "van.", "Berg"], ["Anna van.", "", "Berg", ""]),
    // Suffixes.
    ("Otis Hallworth Jr", ["Otis", "Hallworth", "Jr"], ["Otis", "", "Hallworth", "Jr"]),
    ("Otis Hallworth Jr.", ["Otis", "Hallworth", "Jr."], ["Otis", "", "Hallworth", "Jr."]),
    ("Otis Hallworth, Jr.", ["Otis", "Hallworth,", "Jr."], ["Otis", "", "Hallworth", "Jr."]),
    ("Otis Hallworth,Jr.", ["Otis", "", "Hallworth,Jr."], ["Otis", "", "Hallworth", "Jr."]),
    ("otis hallworth sr", ["otis", "hallworth", "sr"], ["otis", "", "hallworth", "sr"]),
    ("Otis Hallworth III", ["Otis", "Hallworth", "III"], ["Otis", "", "Hallworth", "III"]),
    ("OTIS HALLWORTH IV", ["OTIS", "HALLWORTH", "IV"], ["OTIS", "", "HALLWORTH", "IV"]),
    ("otis hallworth iii", ["otis", "hallworth", "iii"], ["otis hallworth", "", "iii", ""]),
    ("Amara Okafor PhD", ["Amara", "Okafor", "PhD"], ["Amara", "", "Okafor", "PhD"]),
    ("Amara Okafor, Ph.D.", ["Amara", "Okafor,", "Ph.D."], ["Amara", "", "Okafor", "Ph.D."]),
    ("Amara Okafor, PHD, MBA", ["Amara", "Okafor, PHD,", "MBA"], ["Amara", "", "Okafor", "PHD MBA"]),
    ("Amara Okafor PhD MBA", ["Amara", "Okafor PhD", "MBA"], ["Amara", "", "Okafor", "PhD MBA"]),
    ("Amara Okafor M.D.", ["Amara", "Okafor", "M.D."], ["Amara", "", "Okafor", "M.D."]),
    ("Amara Okafor Md", ["Amara", "Okafor", "Md"], ["Amara Okafor", "", "Md", ""]),
    ("Otis Hallworth Esq.", ["Otis", "Hallworth", "Esq."], ["Otis", "", "Hallworth", "Esq."]),
    ("Otis Hallworth III Esq.", ["Otis", "Hallworth III", "Esq."], ["Otis", "", "Hallworth", "III Esq."]),
    ("Anna van der Berg PhD", ["Anna", "van der Berg", "PhD"], ["Anna", "van der", "van der Berg", "PhD"]),
    ("Amara PhD", ["Amara", "", "PhD"], ["Amara", "", "", "PhD"]),
    ("Amara, PhD", ["Amara,", "", "PhD"], ["Amara", "", "", "PhD"]),
    ("MD Rahimov", ["MD", "", "Rahimov"], ["MD", "", "Rahimov", ""]),
    ("III IV", ["III", "", "IV"], ["III", "", "", "IV"]),
    ("Amara MBA Okafor", ["Amara", "MBA", "Okafor"], ["Amara MBA", "", "Okafor", ""]),
    ("Amara Okafor Ma", ["Amara", "Okafor", "Ma"], ["Amara Okafor", "", "Ma", ""]),
    ("Amara Okafor PhDs", ["Amara", "Okafor", "PhDs"], ["Amara Okafor", "", "PhDs", ""]),
    ("Amara Okafor PhD\u{200e}", ["Amara", "Okafor", "PhD\u{200e}"], ["Amara", "", "Okafor", "PhD\u{200e}"]),
    // Surname first, with a comma.
    ("Okafor, Amara", ["Okafor,", "", "Amara"], ["Amara", "", "Okafor", ""]),
    ("Okafor,Amara", ["Okafor,Amara", "", ""], ["Amara", "", "Okafor", ""]),
    ("Okafor , Amara", ["Okafor", ",", "Amara"], ["Amara", "", "Okafor", ""]),
    ("OKAFOR, Amara Ngozi", ["OKAFOR,", "Amara", "Ngozi"], ["Amara Ngozi", "", "OKAFOR", ""]),
    ("Okafor Lind, Amara", ["Okafor", "Lind,", "Amara"], ["Amara", "", "Okafor Lind", ""]),
    ("van der Berg, Anna", ["van", "der Berg,", "Anna"], ["Anna", "van der", "van der Berg", ""]),
    ("Berg, Anna van der", ["Berg,", "Anna van", "der"], ["Anna", "van der", "van der Berg", ""]),
    ("de la Cruz Pardo, Inés", ["de", "la Cruz Pardo,", "Inés"], ["Inés", "de la", "de la Cruz Pardo", ""]),
    ("Okafor, Amara, PhD", ["Okafor,", "Amara,", "PhD"], ["Amara", "", "Okafor", "PhD"]),
    ("Okafor, Amara PhD", ["Okafor,", "Amara", "PhD"], ["Amara", "", "Okafor", "PhD"]),
    ("Hallworth Jr., Otis", ["Hallworth", "Jr.,", "Otis"], ["Otis", "", "Hallworth", "Jr."]),
    ("Hallworth, Jr., Otis", ["Hallworth,", "Jr.,", "Otis"], ["Otis", "", "Hallworth", "Jr."]),
    ("Hallworth Jr., Otis, MD", ["Hallworth", "Jr., Otis,", "MD"], ["Otis", "", "Hallworth", "Jr. MD"]),
    ("Okafor, Amara,", ["Okafor,", "", "Amara,"], ["Amara", "", "Okafor", ""]),
    (", Okafor, Amara", [",", "Okafor,", "Amara"], ["Amara", "", "Okafor", ""]),
    ("Okafor,, Amara", ["Okafor,,", "", "Amara"], ["Amara", "", "Okafor", ""]),
    ("Okafor, Amara, Lagos", ["Okafor,", "Amara,", "Lagos"], ["Okafor Amara", "", "Lagos", ""]),
    ("Berg, van", ["Berg,", "", "van"], ["van", "", "Berg", ""]),
    ("王，小明", ["王，小明", "", ""], ["小明", "", "王", ""]),
    ("البصراني، يوسف", ["البصراني،", "", "يوسف"], ["يوسف", "", "البصراني", ""]),
    // Scripts without blanks, and with.
    ("王小明", ["王小明", "", ""], ["王小明", "", "", ""]),
    ("王 小明", ["王", "", "小明"], ["小明", "", "王", ""]),
    ("王\u{3000}小明", ["王", "", "小明"], ["小明", "", "王", ""]),
    ("山田花子", ["山田花子", "", ""], ["山田花子", "", "", ""]),
    ("ヤマダ・ハナコ", ["ヤマダ・ハナコ", "", ""], ["ヤマダ・ハナコ", "", "", ""]),
    ("홍 길순", ["홍", "", "길순"], ["길순", "", "홍", ""]),
    ("𠮷野\u{3000}家子", ["𠮷野", "", "家子"], ["家子", "", "𠮷野", ""]),
    ("葛\u{e0100}城 花子", ["葛\u{e0100}城", "", "花子"], ["花子", "", "葛\u{e0100}城", ""]),
    ("佐藤 さくら", ["佐藤", "", "さくら"], ["さくら", "", "佐藤", ""]),
    ("ジョン スミス", ["ジョン", "", "スミス"], ["ジョン", "", "スミス", ""]),
    ("김 Minji", ["김", "", "Minji"], ["김", "", "Minji", ""]),
    ("สมหญิง ใจเย็น", ["สมหญิง", "", "ใจเย็น"], ["สมหญิง", "", "ใจเย็น", ""]),
    ("สมหญิงใจเย็น", ["สมหญิงใจเย็น", "", ""], ["สมหญิงใจเย็น", "", "", ""]),
    ("अमारा देवी क्षत्रिय", ["अमारा", "देवी", "क्षत्रिय"], ["अमारा देवी", "", "क्षत्रिय", ""]),
    ("க\u{bcd}ஷமா ரவி", ["க\u{bcd}ஷமா", "", "ரவி"], ["க\u{bcd}ஷமா", "", "ரவி", ""]),
    ("අමාරා ශ්\u{200d}රීමාල්", ["අමාරා", "", "ශ්\u{200d}රීමාල්"], ["අමාරා", "", "ශ්\u{200d}රීමාල්", ""]),
    ("يوسف بن طاهر", ["يوسف", "بن", "طاهر"], ["يوسف", "بن", "بن طاهر", ""]),
    ("ليلى البصراني", ["ليلى", "", "البصراني"], ["ليلى", "", "البصراني", ""]),
    ("\u{202b}يوسف بن طاهر\u{202c}", ["\u{202b}يوسف", "بن", "طاهر\u{202c}"], ["\u{202b}يوسف", "بن", "بن طاهر\u{202c}", ""]),
    ("يوسف \u{200f}بن\u{200f} طاهر", ["يوسف", "\u{200f}بن\u{200f}", "طاهر"], ["يوسف", "\u{200f}بن\u{200f}", "\u{200f}بن\u{200f} طاهر", ""]),
    ("محمّد\u{200c}رضا کاوه", ["محمّد\u{200c}رضا", "", "کاوه"], ["محمّد\u{200c}رضا", "", "کاوه", ""]),
    ("נֹעַם בן צבי", ["נֹעַם", "בן", "צבי"], ["נֹעַם", "בן", "בן צבי", ""]),
    ("\u{2067}נועם צבי\u{2069}", ["\u{2067}נועם", "", "צבי\u{2069}"], ["\u{2067}נועם", "", "צבי\u{2069}", ""]),
    ("Анна-Мария Кузьмич", ["Анна-Мария", "", "Кузьмич"], ["Анна-Мария", "", "Кузьмич", ""]),
    ("Анна Ивановна Кузьмич", ["Анна", "Ивановна", "Кузьмич"], ["Анна Ивановна", "", "Кузьмич", ""]),
    ("Νίκος Παπαλίδης", ["Νίκος", "", "Παπαλίδης"], ["Νίκος", "", "Παπαλίδης", ""]),
    ("გიორგი ბერაია", ["გიორგი", "", "ბერაია"], ["გიორგი", "", "ბერაია", ""]),
    ("Անի Սարյան", ["Անի", "", "Սարյան"], ["Անի", "", "Սարյան", ""]),
    ("አማራ ተስፋዬ ከበደ", ["አማራ", "ተስፋዬ", "ከበደ"], ["አማራ ተስፋዬ", "", "ከበደ", ""]),
    ("Nguyễn Thị Hoà", ["Nguyễn", "Thị", "Hoà"], ["Nguyễn Thị", "", "Hoà", ""]),
    ("Nguye\u{302}\u{303}n Thi\u{323} Hoa\u{300}", ["Nguye\u{302}\u{303}n", "Thi\u{323}", "Hoa\u{300}"], ["Nguye\u{302}\u{303}n Thi\u{323}", "", "Hoa\u{300}", ""]),
    ("Keola Kaʻaihue", ["Keola", "", "Kaʻaihue"], ["Keola", "", "Kaʻaihue", ""]),
    ("ǃNaba Khoeb", ["ǃNaba", "", "Khoeb"], ["ǃNaba", "", "Khoeb", ""]),
    ("İpek Işıklı", ["İpek", "", "Işıklı"], ["İpek", "", "Işıklı", ""]),
    ("ﬁona ǆemić", ["ﬁona", "", "ǆemić"], ["ﬁona", "", "ǆemić", ""]),
    // Emoji, joiners, marks and what is left of broken text.
    ("Amara 🌸 Okafor", ["Amara", "🌸", "Okafor"], ["Amara 🌸", "", "Okafor", ""]),
    ("Amara Okafor🌸", ["Amara", "", "Okafor🌸"], ["Amara", "", "Okafor🌸", ""]),
    ("👨\u{200d}👩\u{200d}👧\u{200d}👦", ["👨\u{200d}👩\u{200d}👧\u{200d}👦", "", ""], ["👨\u{200d}👩\u{200d}👧\u{200d}👦", "", "", ""]),
    ("👨\u{200d}👩\u{200d}👧 Okafor", ["👨\u{200d}👩\u{200d}👧", "", "Okafor"], ["👨\u{200d}👩\u{200d}👧", "", "Okafor", ""]),
    ("👩🏽\u{200d}🚀 🇬🇧", ["👩🏽\u{200d}🚀", "", "🇬🇧"], ["👩🏽\u{200d}🚀", "", "🇬🇧", ""]),
    ("Zoe\u{308} Bro\u{308}nte", ["Zoe\u{308}", "", "Bro\u{308}nte"], ["Zoe\u{308}", "", "Bro\u{308}nte", ""]),
    ("Z\u{335}\u{321}\u{31b}a\u{334}\u{315} L\u{336}o", ["Z\u{335}\u{321}\u{31b}a\u{334}\u{315}", "", "L\u{336}o"], ["Z\u{335}\u{321}\u{31b}a\u{334}\u{315}", "", "L\u{336}o", ""]),
    ("\u{301}Ana Brankov", ["\u{301}Ana", "", "Brankov"], ["\u{301}Ana", "", "Brankov", ""]),
    ("Ana\u{fffd} Brankov", ["Ana\u{fffd}", "", "Brankov"], ["Ana\u{fffd}", "", "Brankov", ""]),
    ("\u{fffd} \u{fffd}", ["\u{fffd}", "", "\u{fffd}"], ["\u{fffd}", "", "\u{fffd}", ""]),
    ("Ana\0 Brankov\u{7}", ["Ana\0", "", "Brankov\u{7}"], ["Ana\0", "", "Brankov\u{7}", ""]),
    ("\u{1b}[31mAna\u{1b}[0m", ["\u{1b}[31mAna\u{1b}[0m", "", ""], ["\u{1b}[31mAna\u{1b}[0m", "", "", ""]),
    ("Ana\u{1f}Brankov", ["Ana\u{1f}Brankov", "", ""], ["Ana\u{1f}Brankov", "", "", ""]),
    ("Ana\u{b}Brankov", ["Ana", "", "Brankov"], ["Ana", "", "Brankov", ""]),
    ("\u{feff}Ana Brankov", ["\u{feff}Ana", "", "Brankov"], ["\u{feff}Ana", "", "Brankov", ""]),
    ("Ana\u{ad}Lena Brankov", ["Ana\u{ad}Lena", "", "Brankov"], ["Ana\u{ad}Lena", "", "Brankov", ""]),
    ("\u{202e}vokнarB anA", ["\u{202e}vokнarB", "", "anA"], ["\u{202e}vokнarB", "", "anA", ""]),
    ("\u{200e}", ["\u{200e}", "", ""], ["\u{200e}", "", "", ""]),
    ("Anna \u{2068}van\u{2069} Berg", ["Anna", "\u{2068}van\u{2069}", "Berg"], ["Anna", "\u{2068}van\u{2069}", "\u{2068}van\u{2069} Berg", ""]),
    ("<b>Ana</b> Brankov", ["<b>Ana</b>", "", "Brankov"], ["<b>Ana</b>", "", "Brankov", ""]),
    ("=cmd|' /C calc'!A0", ["=cmd|'", "/C", "calc'!A0"], ["=cmd|' /C", "", "calc'!A0", ""]),
    ("{{ x }}", ["{{", "x", "}}"], ["{{ x", "", "}}", ""]),
];

#[test]
fn a_name_is_split_in_both_ways() {
    assert!(NAMES.len() >= 150, "{}", NAMES.len());
    for (typed, words, parts) in NAMES {
        let name = FullName::new(*typed);
        assert_eq!(name.full(), *typed);
        assert_eq!([name.first(), &name.middle(), name.last()], *words, "{typed:?}");
        assert_eq!([name.given(), name.particles(), name.surname(), name.suffix()], *parts, "{typed:?}");
    }
}

/// Work that grew with the square of the length would not end.
#[test]
fn a_name_of_a_mebibyte_is_split_too() {
    for piece in ["a", "van ", "Jr., ", "a,", "👨\u{200d}"] {
        let typed = piece.repeat((1 << 20) / piece.len());
        let name = FullName::new(typed.as_str());
        assert!(name.given().len() + name.surname().len() + name.suffix().len() <= typed.len());
        assert!(name.first().len() + name.middle().len() + name.last().len() <= typed.len());
    }
}

/// Words as they are typed, particles and suffixes among them, with what stands between words in the wild.
fn names() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[A-Z][a-zé']{0,8}",
        "\\PC{1,6}",
        Just("van".to_owned()),
        Just("de".to_owned()),
        Just("\u{200f}بن".to_owned()),
        Just("Jr.".to_owned()),
        Just("II".to_owned()),
        Just("👨\u{200d}👩\u{200d}👧".to_owned()),
    ];
    let between = prop_oneof![Just(" "), Just("\u{a0}"), Just(", "), Just(","), Just("  "), Just("\n")];
    let mixed = prop::collection::vec((word, between), 0..9)
        .prop_map(|words| words.into_iter().map(|(word, between)| word + between).collect());
    prop_oneof![mixed, any::<String>()]
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || ",،，".contains(c)
}

fn words(text: &str) -> Vec<&str> {
    text.split(is_separator).filter(|word| !word.is_empty()).collect()
}

proptest! {
    // A failure is in the output; it needs no file.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_word_is_lost_and_none_is_added(typed in names()) {
        let name = FullName::new(typed.as_str());
        let parts = format!("{} {} {}", name.given(), name.surname(), name.suffix());
        let (mut found, mut expected) = (words(&parts), words(&typed));
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
        let split = format!("{} {} {}", name.first(), name.middle(), name.last());
        prop_assert_eq!(split.split_whitespace().collect::<Vec<_>>(), typed.split_whitespace().collect::<Vec<_>>());
        prop_assert!(name.surname().starts_with(&name.particles()));
    }

    #[test]
    fn no_character_is_cut(typed in names()) {
        let name = FullName::new(typed.as_str());
        let parts = format!("{} {} {}", name.given(), name.surname(), name.suffix());
        // A mark behind white space or a comma forms one cluster with it, and is split off as the interface says.
        prop_assume!(typed.graphemes(true).all(|cluster| cluster == "\r\n" || cluster.chars().count() == 1 || !cluster.contains(is_separator)));
        let mut expected: Vec<&str> = typed.graphemes(true).filter(|cluster| !cluster.contains(is_separator)).collect();
        let mut found: Vec<&str> = words(&parts).into_iter().flat_map(|word| word.graphemes(true)).collect();
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_parts_depend_on_nothing_but_the_name(typed in any::<String>()) {
        let parts = |typed: &str| {
            let name = FullName::new(typed);
            (name.given(), name.particles(), name.surname(), name.suffix(), name.middle())
        };
        prop_assert_eq!(parts(&typed), parts(&typed));
    }
}
