import { swiftError } from "./errors.ts";

/** Words that Swift reads otherwise where a name of a type, property or label is expected (source: The Swift Programming Language, Lexical Structure). */
const KEYWORDS: ReadonlySet<string> = new Set(
  `associatedtype borrowing class consuming deinit enum extension fileprivate func import init inout internal let nonisolated open
  operator precedencegroup private protocol public rethrows static struct subscript typealias var break case catch continue default
  defer do else fallthrough for guard if in repeat return switch throw where while Any as await async false is nil self Self super
  true try throws Type Protocol some any actor macro package each sending _`.split(/\s+/),
);

/** Names that generated files use from Swift, Foundation and Core ML, and the modules themselves. */
const TAKEN: ReadonlySet<string> = new Set(
  `Any Array Bool Bundle Character CoreML CryptoKit Data Dictionary Double Error Float Float16 Foundation FileManager Hasher Int Int32
  Int64 MLFeatureProvider MLFeatureValue MLModel MLModelConfiguration MLMultiArray MLPredictionOptions MLShapedArray MLState NSObject
  Never Optional Package PackageDescription PippinRuntime PippinTokenizer Result Sendable Sequence Set String SwiftUI Task Testing UInt
  URL Void App Color Image Label List Scene State Text View XCTest Swift DemoModel`.split(/\s+/),
);

/**
 * Apple's modules whose names end as ours do: a kit of that name would hide them (source: the list of frameworks in Apple's
 * documentation).
 */
const APPLE_KITS: ReadonlySet<string> = new Set(
  `AccessorySetup Activity AdAttribution App AR AV Business Call Carrier Class Clock Cloud Contacts Core Crypto Device Driver Event Exposure
  Finance Game Gameplay GL Group Health Home IO Link Live LockedCamera Mailbox Map Media Message Metal MetalPerformanceShaders Metric Music
  NearbyInteraction Network OSLog Paper Pass PDF Pencil Photo Photos PhotosUI ProximityReader Push Quartz QuickLook Reality Replay Resource
  Scene ScreenCapture Sensor Shazam Siri Social Sprite Store Tele Text Tip Translation TV TVML TVUI UI Vision Watch Weather Web Widget Work Workout`
    .split(/\s+/)
    .map((name) => `${name}Kit`),
);

/** Types of Swift, Foundation and SwiftUI that most files of an app see: a class of that name makes them ambiguous there. */
const COMMON: ReadonlySet<string> = new Set(
  `Actor AnyObject AnyView Angle Animation Binding Button ButtonStyle Calendar CaseIterable Circle Clock Codable CodingKey Collection
  Comparable ContinuousClock Date DateComponents DateFormatter Decimal Decodable Decoder Dispatch Divider Duration Encodable Encoder Environment
  Equatable Expression Font Form ForEach Gauge Grid Group HStack Hashable IndexPath IndexSet Identifiable Index Int8 Int16 Iterator JSONDecoder
  JSONEncoder KeyPath Lock Locale LocalizedError Logger Link Measurement Menu Mirror Mutex Namespace NSArray NSData NSDate NSDictionary NSError
  NSNumber NSString NSURL Notification NotificationCenter Observable Operation Path Picker Pipe Predicate Process ProcessInfo Progress
  ProgressView Published Range Rectangle RegEx Regex Scanner Section Shape Slider Slice Spacer Stepper Stream StaticString Substring Tab
  Table TaskGroup TextField Thread TimeInterval TimeZone Timer Toggle Transaction UInt8 UInt16 UInt32 UInt64 URLRequest URLSession
  UserDefaults UUID Unmanaged VStack Window WindowGroup ZStack`.split(/\s+/),
);

/** Longest name: as a file name with its endings it must stay far below the 255 bytes that file systems take. */
const MAX_NAME = 64;

/** Text as an identifier: what no identifier holds becomes `_`, a leading digit gets one (as Xcode does with names of model files). */
export function identifierOf(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9_]/gu, "_").slice(0, MAX_NAME);
  return /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`;
}

export function isIdentifier(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && text.length <= MAX_NAME && !/^_*$/.test(text);
}

/** An identifier as it is written: between backticks where it is a word of the language. */
export function escaped(identifier: string): string {
  return KEYWORDS.has(identifier) && identifier !== "_" ? `\`${identifier}\`` : identifier;
}

/** Gives out identifiers, each once: those that are taken get a `_` behind. */
export class Names {
  private readonly taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.taken = new Set(taken);
  }

  /** An identifier for the text, unlike all before it. */
  take(text: string): string {
    let name = identifierOf(text);
    if (/^_*$/.test(name)) name = "value";
    while (this.taken.has(name)) name += "_";
    this.taken.add(name);
    return name;
  }
}

/** What is generated for a model called NAME beside the class of that name. */
const SUFFIXES = ["", "Input", "Output", "Assets", "Kit", "KitTests"] as const;

/**
 * The name of the model's class as Xcode derives it from the file's (`Qwen2.5-1.5B.mlpackage` → `Qwen2_5_1_5B`), or the one that was
 * asked for.
 *
 * @param runtimeTypes - names that the hand-written runtime declares.
 * @throws PippinError `SWIFT_NAME_INVALID` when the one asked for cannot be used.
 */
export function modelName(
  { asked, file }: { readonly asked: string | undefined; readonly file: string },
  runtimeTypes: ReadonlySet<string>,
): string {
  if (asked !== undefined) {
    const reason = problemOf(asked, runtimeTypes);
    if (reason === undefined) return asked;
    const shown = asked.length > MAX_NAME ? `${asked.slice(0, MAX_NAME)}…` : asked;
    const hint = isIdentifier(asked)
      ? `Choose another name, such as ${asked}Chat.`
      : "Letters of English, digits and _, such as Qwen15B.";
    throw swiftError("SWIFT_NAME_INVALID", {
      message: `the name ${JSON.stringify(shown)} ${reason}`,
      hint,
      details: { name: asked },
    });
  }
  const derived = identifierOf(file.replace(/\.(mlpackage|mlmodelc)$/, ""));
  const name = /^_*$/.test(derived) ? "LanguageModelPackage" : derived;
  return problemOf(name, runtimeTypes) === undefined ? name : `${name}_Model`;
}

function problemOf(name: string, runtimeTypes: ReadonlySet<string>): string | undefined {
  if (name.length > MAX_NAME) return `is longer than ${MAX_NAME} letters`;
  if (!isIdentifier(name)) return "is not a Swift identifier";
  if (KEYWORDS.has(name)) return "is a word of the Swift language";
  const clash = SUFFIXES.map((suffix) => name + suffix).find(
    (each) => TAKEN.has(each) || COMMON.has(each) || APPLE_KITS.has(each) || runtimeTypes.has(each),
  );
  return clash === undefined ? undefined : `would declare ${clash}, which exists already`;
}
