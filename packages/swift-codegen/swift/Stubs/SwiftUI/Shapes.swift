public protocol ShapeStyle: Sendable {}

public struct Color: ShapeStyle, Primitive {
  public static let accentColor = Color()
  public static let green = Color()
  public static let red = Color()
  public func opacity(_ opacity: Double) -> Color { self }
}

public struct TintShapeStyle: ShapeStyle {}
public struct HierarchicalShapeStyle: ShapeStyle {}

extension ShapeStyle where Self == Color {
  public static var green: Color { Color() }
  public static var red: Color { Color() }
}
extension ShapeStyle where Self == TintShapeStyle {
  public static var tint: TintShapeStyle { TintShapeStyle() }
}
extension ShapeStyle where Self == HierarchicalShapeStyle {
  public static var secondary: HierarchicalShapeStyle { HierarchicalShapeStyle() }
}

public protocol Shape: View, Sendable {}

extension Shape {
  nonisolated public func fill<S: ShapeStyle>(_ content: S) -> some View { Modified<S>() }
}

public struct RoundedRectangle: Shape, Primitive {
  nonisolated public init(cornerRadius: CGFloat) {}
}
