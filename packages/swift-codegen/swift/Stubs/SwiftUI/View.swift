// A stand-in for the part of Apple's SwiftUI that the demo app uses, after Apple's documentation (iOS 17, macOS 14; actor isolation as
// in the SDK of Xcode 16). What compiles against it uses names, labels, argument types, actor isolation and availability of view
// builders as they are documented. It does not show that the app looks right, that a modifier exists on both systems, or that Apple's
// overloads, of which there are more, resolve the same way; nothing is drawn, and no body is ever called.

@_exported import Foundation

@MainActor @preconcurrency public protocol View {
  associatedtype Body: View
  @ViewBuilder var body: Body { get }
}

extension Never: View {
  public var body: Never { fatalError("a stand-in is not drawn") }
}

/// A view of this module.
@MainActor @preconcurrency public protocol Primitive: View where Body == Never {}

extension Primitive {
  public var body: Never { fatalError("a stand-in is not drawn") }
}

@resultBuilder public enum ViewBuilder {
  public static func buildExpression<Content: View>(_ content: Content) -> Content { content }
  public static func buildBlock() -> EmptyView { EmptyView() }
  public static func buildBlock<Content: View>(_ content: Content) -> Content { content }
  public static func buildBlock<each Content: View>(_ content: repeat each Content) -> TupleView<(repeat each Content)> {
    TupleView()
  }
  public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
  public static func buildEither<A: View, B: View>(first: A) -> Either<A, B> { Either() }
  public static func buildEither<A: View, B: View>(second: B) -> Either<A, B> { Either() }
}

public struct EmptyView: Primitive { nonisolated public init() {} }
public struct TupleView<T>: Primitive { nonisolated init() {} }
public struct Either<A: View, B: View>: Primitive { nonisolated init() {} }
public struct Modified<Content>: Primitive { nonisolated init() {} }
extension Optional: View where Wrapped: View {
  public var body: Never { fatalError("a stand-in is not drawn") }
}
extension Optional: Primitive where Wrapped: View {}

@MainActor @preconcurrency public protocol Scene {
  associatedtype Body: Scene
  @SceneBuilder var body: Body { get }
}

extension Never: Scene {}

@resultBuilder public enum SceneBuilder {
  public static func buildBlock<Content: Scene>(_ content: Content) -> Content { content }
}

public struct WindowGroup<Content: View>: Scene {
  nonisolated public init(@ViewBuilder content: () -> Content) {}
  public var body: Never { fatalError("a stand-in is not drawn") }
}

public struct ModifiedScene: Scene {
  public var body: Never { fatalError("a stand-in is not drawn") }
}

extension Scene {
  nonisolated public func onChange<V: Equatable>(
    of value: V, initial: Bool = false, _ action: @escaping (_ old: V, _ new: V) -> Void
  ) -> some Scene { ModifiedScene() }
}

@MainActor @preconcurrency public protocol App {
  associatedtype Body: Scene
  @SceneBuilder var body: Body { get }
  init()
}

extension App {
  public static func main() {}
}
