public struct AccessibilityChildBehavior: Hashable, Sendable {
  public static let ignore = AccessibilityChildBehavior()
  public static let contain = AccessibilityChildBehavior()
  public static let combine = AccessibilityChildBehavior()
}

public enum ControlSize: Sendable { case mini, small, regular, large, extraLarge }

public struct KeyEquivalent: Sendable, ExpressibleByExtendedGraphemeClusterLiteral {
  public init(extendedGraphemeClusterLiteral: Character) {}
  public static let `return`: KeyEquivalent = "\r"
}

public struct EventModifiers: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public static let shift = EventModifiers(rawValue: 2)
  public static let command = EventModifiers(rawValue: 16)
}

@MainActor @preconcurrency public protocol TextFieldStyle {}
public struct RoundedBorderTextFieldStyle: TextFieldStyle {}
extension TextFieldStyle where Self == RoundedBorderTextFieldStyle {
  public static var roundedBorder: RoundedBorderTextFieldStyle { RoundedBorderTextFieldStyle() }
}

@MainActor @preconcurrency public protocol LabelStyle {}
public struct IconOnlyLabelStyle: LabelStyle {}
extension LabelStyle where Self == IconOnlyLabelStyle {
  public static var iconOnly: IconOnlyLabelStyle { IconOnlyLabelStyle() }
}

@MainActor @preconcurrency public protocol FormStyle {}
public struct GroupedFormStyle: FormStyle {}
extension FormStyle where Self == GroupedFormStyle {
  public static var grouped: GroupedFormStyle { GroupedFormStyle() }
}

@MainActor @preconcurrency public protocol PrimitiveButtonStyle {}
public struct BorderedProminentButtonStyle: PrimitiveButtonStyle {}
extension PrimitiveButtonStyle where Self == BorderedProminentButtonStyle {
  public static var borderedProminent: BorderedProminentButtonStyle { BorderedProminentButtonStyle() }
}

public protocol TextSelectability {}
public struct EnabledTextSelectability: TextSelectability {}
extension TextSelectability where Self == EnabledTextSelectability {
  public static var enabled: EnabledTextSelectability { EnabledTextSelectability() }
}

extension Image {
  public enum Scale: Sendable { case small, medium, large }
}

extension View {
  nonisolated public func padding(_ edges: Edge.Set = .all, _ length: CGFloat? = nil) -> some View { Modified<Self>() }
  nonisolated public func padding(_ length: CGFloat) -> some View { Modified<Self>() }
  nonisolated public func frame(width: CGFloat? = nil, height: CGFloat? = nil, alignment: Alignment = .center) -> some View {
    Modified<Self>()
  }
  nonisolated public func frame(
    minWidth: CGFloat? = nil, idealWidth: CGFloat? = nil, maxWidth: CGFloat? = nil, minHeight: CGFloat? = nil,
    idealHeight: CGFloat? = nil, maxHeight: CGFloat? = nil, alignment: Alignment = .center
  ) -> some View { Modified<Self>() }
  nonisolated public func background<S: ShapeStyle, T: Shape>(_ style: S, in shape: T) -> some View { Modified<Self>() }
  nonisolated public func overlay<V: View>(alignment: Alignment = .center, @ViewBuilder content: () -> V) -> some View {
    Modified<Self>()
  }
  nonisolated public func foregroundStyle<S: ShapeStyle>(_ style: S) -> some View { Modified<Self>() }
  nonisolated public func font(_ font: Font?) -> some View { Modified<Self>() }
  nonisolated public func monospacedDigit() -> some View { Modified<Self>() }
  nonisolated public func imageScale(_ scale: Image.Scale) -> some View { Modified<Self>() }
  nonisolated public func controlSize(_ size: ControlSize) -> some View { Modified<Self>() }
  nonisolated public func lineLimit(_ limit: ClosedRange<Int>) -> some View { Modified<Self>() }
  nonisolated public func disabled(_ disabled: Bool) -> some View { Modified<Self>() }
  nonisolated public func tag<V: Hashable>(_ tag: V) -> some View { Modified<Self>() }
  nonisolated public func defaultScrollAnchor(_ anchor: UnitPoint?) -> some View { Modified<Self>() }
  nonisolated public func navigationTitle(_ titleKey: LocalizedStringKey) -> some View { Modified<Self>() }
  nonisolated public func toolbar<Content: ToolbarContent>(@ToolbarContentBuilder content: () -> Content) -> some View {
    Modified<Self>()
  }
  nonisolated public func keyboardShortcut(_ key: KeyEquivalent, modifiers: EventModifiers = .command) -> some View {
    Modified<Self>()
  }
  nonisolated public func focused(_ condition: FocusState<Bool>.Binding) -> some View { Modified<Self>() }
  nonisolated public func textSelection<S: TextSelectability>(_ selectability: S) -> some View { Modified<Self>() }
  nonisolated public func textFieldStyle<S: TextFieldStyle>(_ style: S) -> some View { Modified<Self>() }
  nonisolated public func labelStyle<S: LabelStyle>(_ style: S) -> some View { Modified<Self>() }
  nonisolated public func formStyle<S: FormStyle>(_ style: S) -> some View { Modified<Self>() }
  nonisolated public func buttonStyle<S: PrimitiveButtonStyle>(_ style: S) -> some View { Modified<Self>() }
  nonisolated public func onAppear(perform action: (() -> Void)? = nil) -> some View { Modified<Self>() }
  nonisolated public func onSubmit(_ action: @escaping () -> Void) -> some View { Modified<Self>() }
  nonisolated public func onChange<V: Equatable>(
    of value: V, initial: Bool = false, _ action: @escaping () -> Void
  ) -> some View { Modified<Self>() }
  nonisolated public func task(
    priority: TaskPriority = .userInitiated, @_inheritActorContext _ action: @escaping @Sendable () async -> Void
  ) -> some View { Modified<Self>() }
  nonisolated public func accessibilityLabel(_ label: Text) -> some View { Modified<Self>() }
  nonisolated public func accessibilityLabel(_ labelKey: LocalizedStringKey) -> some View { Modified<Self>() }
  nonisolated public func accessibilityValue(_ value: Text) -> some View { Modified<Self>() }
  nonisolated public func accessibilityElement(children: AccessibilityChildBehavior = .ignore) -> some View { Modified<Self>() }
}
