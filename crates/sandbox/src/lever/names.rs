//! Names of people who do not exist, in the shapes real names have.
//!
//! Parts are ordinary, the people are made up; addresses are in the domains RFC 2606 keeps for examples, and
//! numbers in ranges kept for fiction where a country has one.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Where somebody is from: how names look and what numbers look like.
pub(crate) struct Culture {
    /// As written, and in ASCII for an address.
    given: &'static [(&'static str, &'static str)],
    family: &'static [(&'static str, &'static str)],
    order: Order,
    cities: &'static [&'static str],
    /// Digits are put where there is a `#`.
    phone: &'static str,
}

enum Order {
    GivenFirst,
    FamilyFirst,
    /// Family first, nothing between.
    FamilyFirstJoined,
}

/// A made-up person.
pub(crate) struct Invented {
    pub(crate) name: String,
    /// The part of an address before the number.
    pub(crate) handle: String,
    pub(crate) city: &'static str,
    phone: &'static str,
}

impl Invented {
    pub(crate) fn phone(&self, dice: &mut ChaCha8Rng) -> String {
        let digit =
            |letter| if letter == '#' { char::from(b'0' + dice.random_range(0..10_u8)) } else { letter };
        self.phone.chars().map(digit).collect()
    }
}

/// Somebody. Every sixth has a name of an unusual shape, and those are dealt in turn, so that a small account
/// has some.
pub(crate) fn invent(dice: &mut ChaCha8Rng, nth: usize) -> Invented {
    let culture = pick(dice, CULTURES);
    if nth % 6 == 5 {
        let (name, handle) = UNUSUAL[nth / 6 % UNUSUAL.len()];
        return culture.person(name.to_owned(), handle.to_owned(), dice);
    }
    let (given, given_ascii) = *pick(dice, culture.given);
    let (family, family_ascii) = *pick(dice, culture.family);
    let (middle, _) = *pick(dice, culture.given);
    let name = match culture.order {
        Order::GivenFirst if middle != given && dice.random_ratio(1, 4) => {
            format!("{given} {middle} {family}")
        }
        Order::GivenFirst => format!("{given} {family}"),
        Order::FamilyFirst => format!("{family} {given}"),
        Order::FamilyFirstJoined => format!("{family}{given}"),
    };
    culture.person(name, format!("{given_ascii}.{family_ascii}"), dice)
}

impl Culture {
    fn person(&self, name: String, handle: String, dice: &mut ChaCha8Rng) -> Invented {
        Invented { name, handle, city: pick::<&'static str>(dice, self.cities), phone: self.phone }
    }
}

/// One of them; there has to be one.
pub(crate) fn pick<'a, T>(dice: &mut ChaCha8Rng, from: &'a [T]) -> &'a T {
    &from[dice.random_range(0..from.len())]
}

/// One word, six parts, particles, apostrophes, suffixes, stray blanks, a zero-width joiner, other cases.
const UNUSUAL: &[(&str, &str)] = &[
    ("Suprapti", "suprapti"),
    ("Tenzin", "tenzin"),
    ("Ngozi", "ngozi"),
    ("María del Carmen Ybarra de la Vega Quintanilla", "mdc.ybarra"),
    ("Pedro Afonso Teles da Cunha e Menezes", "pedro.menezes"),
    ("Jan-Willem van der Heide-Bruinsma", "jw.vanderheide"),
    ("Ludovica de' Rossellini", "ludovica.rossellini"),
    ("Caoimhe Ní Shúilleabháin-Wray", "caoimhe.wray"),
    ("Siobhán O’Dwyer-Achterberg", "siobhan.odwyer"),
    ("Abd al-Karim bin Yusuf al-Sabbagh", "abdalkarim.sabbagh"),
    ("Maximilian Freiherr von und zu Hohenkirch", "max.hohenkirch"),
    ("Booker T. Lansdowne III", "booker.lansdowne"),
    ("Þórdís Hallgrímsdóttir", "thordis.h"),
    ("Nguyễn Thị Minh Thảo Vy", "vy.nguyen"),
    ("Đặng Quốc Khải", "khai.dang"),
    ("İpek Işıldakoğlu", "ipek.isildakoglu"),
    ("Łucja Brzęczyszczykowska-Żak", "lucja.bzak"),
    ("bell hollowell", "bell.hollowell"),
    ("McALLISTER, Fenella", "fenella.mcallister"),
    ("  Ingeborg   Strøm-Åsheim ", "ingeborg.strom"),
    ("Zoe\u{301} Lefe\u{300}vre-Dupin", "zoe.lefevre"),
    ("D'Andre K'Vaughn Pettibone-O'Rourke", "dandre.pettibone"),
    ("Xóchitl", "xochitl"),
    ("U Thein Maung Lwin", "thein.lwin"),
    ("অনিক চট্টোপাধ্যায়", "anik.c"),
    ("தமிழ்செல்வி", "tamilselvi"),
];

const CULTURES: &[Culture] = &[
    Culture {
        given: &[
            ("Amara", "amara"),
            ("Rowan", "rowan"),
            ("Imogen", "imogen"),
            ("Dashiell", "dashiell"),
            ("Marlowe", "marlowe"),
            ("Philippa", "philippa"),
            ("Callum", "callum"),
            ("Tamsin", "tamsin"),
        ],
        family: &[
            ("Okafor-Lind", "okaforlind"),
            ("Thistlewood", "thistlewood"),
            ("Penhallow", "penhallow"),
            ("Greaves", "greaves"),
            ("Ashdown", "ashdown"),
            ("Quillfeather", "quillfeather"),
            ("Larkspur", "larkspur"),
            ("Hathersage", "hathersage"),
        ],
        order: Order::GivenFirst,
        cities: &["Leeds, UK", "Bristol, UK", "Cardiff", ""],
        phone: "+44 7700 900###",
    },
    Culture {
        given: &[
            ("Jürgen", "juergen"),
            ("Søren", "soeren"),
            ("Zoë", "zoe"),
            ("Åse", "aase"),
            ("Björn", "bjoern"),
            ("Käthe", "kaethe"),
            ("Þóra", "thora"),
            ("Jiří", "jiri"),
            ("Żaneta", "zaneta"),
            ("Ștefan", "stefan"),
        ],
        family: &[
            ("Müllerschön", "muellerschoen"),
            ("Ødegård-Lund", "odegard"),
            ("Strandvæd", "strandvaed"),
            ("Ångströmsson", "angstromsson"),
            ("Dvořáčková", "dvorackova"),
            ("Wiśniowski", "wisniowski"),
            ("Großkopf", "grosskopf"),
            ("Țepeluș", "tepelus"),
            ("Kőszegváry", "koszegvary"),
        ],
        order: Order::GivenFirst,
        cities: &["Berlin", "Kraków, Polska", "Malmö", "Brno"],
        phone: "+49 30 23125 ###",
    },
    Culture {
        given: &[
            ("Inés", "ines"),
            ("Joaquín", "joaquin"),
            ("Lucía", "lucia"),
            ("Ñusta", "nusta"),
            ("João", "joao"),
            ("Conceição", "conceicao"),
            ("Éloïse", "eloise"),
            ("François", "francois"),
        ],
        family: &[
            ("Peñalba Ruiz", "penalba"),
            ("Ibarrondo Núñez", "ibarrondo"),
            ("da Conceição Leite", "leite"),
            ("de la Fuensanta", "fuensanta"),
            ("Lefèvre", "lefevre"),
            ("d'Hautecombe", "hautecombe"),
            ("Gonçalves Brandão", "brandao"),
        ],
        order: Order::GivenFirst,
        cities: &["Valparaíso", "Montréal, QC", "São Paulo", "Sevilla"],
        phone: "+1 (202) 555-01##",
    },
    Culture {
        given: &[
            ("伟明", "weiming"),
            ("晓雯", "xiaowen"),
            ("思远", "siyuan"),
            ("美玲", "meiling"),
            ("子轩", "zixuan"),
            ("雅婷", "yating"),
        ],
        family: &[
            ("李", "li"),
            ("欧阳", "ouyang"),
            ("陈", "chen"),
            ("司马", "sima"),
            ("赵", "zhao"),
            ("林", "lin"),
        ],
        order: Order::FamilyFirstJoined,
        cities: &["上海", "成都", "Singapore"],
        phone: "+86 139 0000 ####",
    },
    Culture {
        given: &[
            ("陽菜", "hina"),
            ("健太郎", "kentaro"),
            ("さくら", "sakura"),
            ("蓮", "ren"),
            ("結衣", "yui"),
        ],
        family: &[
            ("小早川", "kobayakawa"),
            ("長谷部", "hasebe"),
            ("髙橋", "takahashi"),
            ("渡邉", "watanabe"),
        ],
        order: Order::FamilyFirst,
        cities: &["大阪", "東京都", "横浜"],
        phone: "+81 90-0000-####",
    },
    Culture {
        given: &[("서연", "seoyeon"), ("지호", "jiho"), ("하은", "haeun"), ("도윤", "doyun")],
        family: &[("김", "kim"), ("남궁", "namgung"), ("최", "choi"), ("선우", "sunwoo")],
        order: Order::FamilyFirstJoined,
        cities: &["서울", "부산"],
        phone: "+82 10-0000-####",
    },
    Culture {
        given: &[
            ("يوسف", "yusuf"),
            ("ليلى", "layla"),
            ("عمر", "omar"),
            ("نور", "nour"),
            ("فاطمة", "fatima"),
            ("خالد", "khalid"),
        ],
        family: &[
            ("الحدّاد", "haddad"),
            ("بن سالم", "binsalem"),
            ("المنصوري", "mansouri"),
            ("أبو زيد", "abuzaid"),
            ("الشامي", "shami"),
        ],
        order: Order::GivenFirst,
        cities: &["عمّان", "Dubai", "Casablanca"],
        phone: "+962 7 9000 ####",
    },
    Culture {
        given: &[("נועה", "noa"), ("איתן", "eitan"), ("שירה", "shira"), ("אורי", "uri"), ("תמר", "tamar")],
        family: &[
            ("בן־דרור", "bendror"),
            ("שטרנפלד", "sternfeld"),
            ("אבוטבול", "abutbul"),
            ("כרמלי", "carmeli"),
        ],
        order: Order::GivenFirst,
        cities: &["חיפה", "תל אביב"],
        phone: "+972 50-000-####",
    },
    Culture {
        given: &[
            ("Ольга", "olga"),
            ("Дмитро", "dmytro"),
            ("Святослава", "sviatoslava"),
            ("Ёлка", "yolka"),
            ("Богдан", "bohdan"),
            ("Йоана", "yoana"),
        ],
        family: &[
            ("Вишневецька", "vyshnevetska"),
            ("Соловйов", "solovyov"),
            ("Щербань-Зуєва", "shcherban"),
            ("Ђорђевић", "djordjevic"),
            ("Стоянова", "stoyanova"),
        ],
        order: Order::GivenFirst,
        cities: &["Київ", "Софія", "Нови Сад"],
        phone: "+380 50 000 ## ##",
    },
    Culture {
        given: &[
            ("आदित्य", "aditya"),
            ("प्रियंका", "priyanka"),
            ("श्रेया", "shreya"),
            ("ऋषि", "rishi"),
            ("कृष्णा", "krishna"),
        ],
        family: &[
            ("त्रिवेदी", "trivedi"),
            ("क्षत्रिय", "kshatriya"),
            ("देशपांडे", "deshpande"),
            ("श्रीवास्तव", "srivastava"),
        ],
        order: Order::GivenFirst,
        cities: &["पुणे", "Bengaluru", "Kolkata"],
        phone: "+91 90000 #####",
    },
];
