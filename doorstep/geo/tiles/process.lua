-- What tilemaker draws of an extract, and from which zoom on. Layers: place, poi, road, building, water, waterway, park, rail.
node_keys = { "place", "amenity" }
function init_function() end
function exit_function() end

local FROM = { motorway = 6, trunk = 7, primary = 9, secondary = 10, tertiary = 12, residential = 13, unclassified = 13,
               living_street = 14, pedestrian = 14, service = 14 }

function node_function(node)
  local place, amenity = node:Find("place"), node:Find("amenity")
  if place ~= "" then
    node:Layer("place", false)
    node:Attribute("class", place)
    node:Attribute("name", node:Find("name"))
    node:MinZoom(place == "village" and 11 or 6)
  elseif amenity == "police" or amenity == "hospital" or amenity == "school" then
    node:Layer("poi", false)
    node:Attribute("class", amenity)
    node:Attribute("name", node:Find("name"))
    node:MinZoom(12)
  end
end

local function area(way, layer, zoom)
  way:Layer(layer, true)
  way:Attribute("name", way:Find("name"))
  way:MinZoom(zoom)
end

local function line(way, layer, zoom)
  way:Layer(layer, false)
  way:Attribute("name", way:Find("name"))
  way:MinZoom(zoom)
end

function way_function(way)
  local class = string.gsub(way:Find("highway"), "_link", "")
  if FROM[class] then
    line(way, "road", FROM[class])
    way:Attribute("class", class)
    way:Attribute("bridge", way:Find("bridge"))
    way:Attribute("oneway", way:Find("oneway"))
  elseif way:Find("building") ~= "" then
    way:Layer("building", true)
    way:MinZoom(14)
    if way:Find("addr:housenumber") ~= "" then way:Attribute("no", way:Find("addr:housenumber")) end
  elseif way:Find("natural") == "water" then area(way, "water", 6)
  elseif way:Find("leisure") == "park" then area(way, "park", 10)
  elseif way:Find("waterway") ~= "" then line(way, "waterway", 8)
  elseif way:Find("railway") == "rail" then line(way, "rail", 9)
  end
end
